"""The table of contestants, and of the services that they need."""

from frame.contestant import Contestant, Service, node, node_service, python
from frame.places import POLYLOOM, PYTHON, PYTHON_PEERS, PYTHON_SOURCES

# Of the pools and prefetch counts that were tried, this one answers soonest.
CELERY = "-A celery_tasks worker -P solo --prefetch-multiplier 0 -Q bench -l ERROR"
QUIET = "--without-gossip --without-mingle --without-heartbeat"
PEERS_ON_PATH = {"PYTHONPATH": str(PYTHON_PEERS)}

SERVICES = {
    "polyloom worker": Service((POLYLOOM, "worker", "--url", "{url}", "--allow", "*")),
    "lonely worker": Service((POLYLOOM, "worker", "--url", "{url}", "--allow", "*", "--prefix", "lonely:")),
    "two workers": Service((POLYLOOM, "worker", "--url", "{url}", "--allow", "*", "--processes", "2")),
    "list echo": Service(python("list_echo", "{url}")),
    "celery worker": Service(
        (PYTHON, "-m", "celery", *CELERY.split(), *QUIET.split()),
        {"BENCH_URL": "{url}", "PYTHONPATH": str(PYTHON_SOURCES)},
    ),
    "bullmq worker": Service(node_service("bullmq-worker", "{url}")),
}

CONTESTANTS = {
    "polyloom": Contestant(node("polyloom", "{url}"), ("polyloom worker",)),
    "polyloom stdio": Contestant(node("polyloom", "stdio:"), env={"POLYLOOM_PYTHON": PYTHON}),
    "list echo": Contestant(node("list-echo", "{url}"), ("list echo",)),
    "handles": Contestant(node("handles", "{url}"), ("polyloom worker",)),
    "1 session": Contestant(node("sessions", "{url}", "1", "0"), ("polyloom worker",)),
    "100 sessions": Contestant(node("sessions", "{url}", "100", "0"), ("polyloom worker",)),
    "100 sessions, handles": Contestant(node("sessions", "{url}", "100", "10000"), ("polyloom worker",)),
    **{f"crowd {number}": Contestant(node("sessions", "{url}", "250", "0"), ("two workers",)) for number in range(1, 5)},
    "set and get": Contestant(node("set-get", "{url}")),
    "sketch": Contestant(node("sketch", *python("sketch"))),
    "celery": Contestant(node("celery", "{url}"), ("celery worker",)),
    "celery-node": Contestant(node("celery-node", "{url}", "1"), ("celery worker",), "celery-node"),
    "celery-node in flight": Contestant(node("celery-node", "{url}", "20"), ("celery worker",), "celery-node"),
    "bullmq": Contestant(node("bullmq", "{url}"), ("bullmq worker",), "bullmq"),
    "pythonia": Contestant(node("pythonia"), package="pythonia", env={"PYTHON_BIN": PYTHON}),
    "rpyc": Contestant(python("drive", "rpyc_pipe"), package="rpyc", env=PEERS_ON_PATH),
}
