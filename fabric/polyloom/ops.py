"""Names of the protocol that both languages share (§1.2, §5.2, §6.2). Mirrors `ops.ts`."""

PROTOCOL = 1

CLIENT_KINDS = ("hello", "open", "program", "answer", "cancel", "ack", "close", "bye", "survey")
HOST_KINDS = ("hello", "opened", "reply", "late", "call", "output", "closed", "survey")
WORKER_KINDS = ("fetch", "fetched")  # between workers (§14)

OPS = (
    "import",
    "getattr",
    "setattr",
    "delattr",
    "getitem",
    "setitem",
    "delitem",
    "call",
    "operator",
    "iter",
    "next",
    "close",
    "map",
    "enter",
    "exit",
    "lend",
    "share",
    "named",
    "unshare",
    "repr",
    "str",
    "type",
    "pull",
    "release",
)

MODES = ("auto", "value", "keep")
