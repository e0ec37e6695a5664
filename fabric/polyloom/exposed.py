"""The objects of a client that one session was given (§12): one Python object for each id, and who holds which (§12.7)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from polyloom.js import FOREIGN, JSFunction, JSObject, origin_of

Ask = Callable[[int, list[Any]], Any]
"""`ask(id, what)` has the client do something with an object, and returns what came of it."""


class Held:
    """That Python holds an object of the client; when it is collected, the client is told."""

    __slots__ = ("_home", "id", "name", "serial")

    def __init__(self, home: Exposed, number: int, serial: int, name: str) -> None:
        self._home = home
        self.id = number
        self.serial = serial
        self.name = name

    def ask(self, what: list[Any]) -> Any:
        """Have the client do something with the object."""
        return self._home.ask(self.id, what)

    def of(self, home: Exposed | None) -> bool:
        """Tell whether it came from the client of this session."""
        return self._home is home

    def __del__(self) -> None:
        self._home.dropped.append([self.id, self.serial])  # in any thread, at any moment


class Exposed:
    """Ids to objects, while Python holds them."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.used = False  # until the first one came
        self.dropped: deque[list[int]] = deque()  # told with the next frame, like the two below
        self._named: set[int] = set()  # ids that programs and answers named
        self._answered: list[int] = []  # calls whose answers were read
        self._objects: WeakValueDictionary[int, JSFunction | JSObject] = WeakValueDictionary()
        self._serial = 0
        self._lock = threading.Lock()

    def find(self, number: Any, kind: Any, name: Any, methods: Any = ()) -> object:
        """Return the object for an id, the same one as long as Python holds it."""
        if type(number) is not int or number < 1 or kind not in ("function", "object") or type(name) is not str:
            raise TypeError("it takes an id from 1, a kind, a name, and methods")
        self.used = True
        with self._lock:
            self._named.add(number)
            found = self._objects.get(number)
            if found is None:
                self._serial += 1
                held = Held(self, number, self._serial, name)
                found = JSFunction(held) if kind == "function" else JSObject(held, frozenset(map(str, methods)))
                self._objects[number] = found
            return found

    def id_of(self, value: object) -> int | None:
        """Return the id of an object that this very client gave, else None."""
        if type(value) not in FOREIGN:
            return None
        held = origin_of(value)
        return held.id if held.of(self) else None

    def answered(self, call: int) -> None:
        """Note that the answer to a call has been read."""
        with self._lock:
            self._answered.append(call)

    def news(self, named: Sequence[int] = ()) -> dict[str, Any]:
        """Return what the next frame tells the client (§12.7), if anything; in the reply of a program that named these
        also what another frame has told of them, since that one may come later."""
        if not (self.dropped or self._named or self._answered or named):
            return {}
        with self._lock:
            found = [self._objects.get(number) for number in self._named.union(named)]
            held = [[origin.id, origin.serial] for one in found if one is not None for origin in (origin_of(one),)]
            dropped = [self.dropped.popleft() for _ in range(len(self.dropped))]
            answered, self._answered = self._answered, []
            self._named.clear()
        told = {"held": held, "dropped": dropped, "answered": answered}
        return {key: value for key, value in told.items() if value}
