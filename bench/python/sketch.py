"""The founding sketch's runtime: a JSON line in, a JSON line out, objects kept by number."""

import importlib
import json
import sys
from typing import Any

OBJECTS: dict[int, Any] = {}
PLAIN = (bool, int, float, str, type(None))


def encode(value: Any) -> Any:
    if isinstance(value, PLAIN):
        return value
    OBJECTS[len(OBJECTS) + 1] = value
    return {"__pyref__": len(OBJECTS), "__type__": type(value).__name__}


def run(op: str, obj: int | None, args: list[Any]) -> Any:
    if op == "call":
        return OBJECTS[obj](*args)
    if op == "getattr":
        return getattr(OBJECTS[obj], args[0])
    if op == "import":
        return importlib.import_module(args[0])
    raise ValueError(f"unknown op {op}")


def answer(line: str) -> dict[str, Any]:
    request = json.loads(line)
    try:
        result = encode(run(request["op"], request["obj"], request["args"]))
    except Exception as error:
        failure = {"type": type(error).__name__, "message": str(error)}
        return {"id": request["id"], "ok": False, "error": failure}
    return {"id": request["id"], "ok": True, "result": result}


for line in sys.stdin:
    sys.stdout.write(json.dumps(answer(line)) + "\n")
    sys.stdout.flush()
