"""rpyc, from Python to Python: live objects of one local process, over a pipe."""

from pathlib import Path

import rpyc

from drive import Call, Wait

SERVER = Path(rpyc.__file__).parent.parent / "bin" / "rpyc_classic.py"


def open_calls() -> dict[str, Call]:
    add = rpyc.classic.connect_subproc(str(SERVER)).modules.operator.add
    add_later = rpyc.async_(add)

    def flying(i: int) -> Wait:
        result = add_later(i, 1)
        return lambda: result.value

    return {
        "add": Call(lambda i: lambda: add(i, 1), right),
        "add in flight": Call(flying, right),
    }


def right(total: int, i: int) -> bool:
    return total == i + 1
