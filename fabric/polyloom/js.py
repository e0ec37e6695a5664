"""Objects of a client as Python has them (§12): functions, objects, and what they throw.

Using one is a call to the client, from whichever thread: it waits for the answer. On a thread that runs an event loop it
returns an awaitable instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from types import MethodType
from typing import Any, NoReturn, Protocol


class Origin(Protocol):
    """Where such an object is, and how it is asked."""

    id: int
    name: str

    def ask(self, what: list[Any]) -> Any:
        """Have the client do something with the object (§12.3)."""


class Missing(AttributeError):
    """The client's object has no such member."""

    def __init__(self, text: str = "the object of the client has no such member") -> None:
        super().__init__(text)


class _Signature:
    """What `inspect.signature` tells of each function of a client: anything is taken."""

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            raise AttributeError("__signature__")
        from inspect import Parameter, Signature  # few ask

        return Signature([Parameter("args", Parameter.VAR_POSITIONAL), Parameter("keywords", Parameter.VAR_KEYWORD)])


class JSFunction:
    """A function of the client. As an attribute of a class it is a method, like a function of Python."""

    __signature__ = _Signature()

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.__name__ = self.__qualname__ = origin.name

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        return self._origin.ask(["call", args, keywords])

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<JSFunction {self.__name__}>"

    def __copy__(self) -> JSFunction:
        return self

    def __deepcopy__(self, _memo: object) -> JSFunction:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a function of a client lives there: it cannot be pickled")


class JSObject:
    """What a client gave away with `expose()`: its members are attributes, its methods methods, and it may be iterated."""

    __slots__ = ("__weakref__", "_methods", "_origin")

    def __init__(self, origin: Origin, methods: frozenset[str] = frozenset()) -> None:
        object.__setattr__(self, "_origin", origin)
        object.__setattr__(self, "_methods", methods)

    def __getattr__(self, name: str) -> Any:
        if name in self._methods:
            return partial(_method, self._origin, name)
        return self._member("get", name)

    def __setattr__(self, name: str, value: object) -> None:
        self._member("set", name, value)

    def __delattr__(self, name: str) -> None:
        self._member("delete", name)

    def _member(self, what: str, name: str, *rest: object) -> Any:
        missing = AttributeError(f"the {self._origin.name} of the client has no member {name!r}", name=name, obj=self)
        if name.startswith("__"):
            raise missing
        try:
            return self._origin.ask([what, name, *rest])
        except Missing:
            raise missing from None

    def __dir__(self) -> list[str]:
        return sorted(self._origin.ask(["names"]))

    def __iter__(self) -> Iterator[Any]:
        steps = self._origin.ask(["iter"])  # the client ends it when nobody holds it
        while True:
            done, value = steps.next()
            if done:
                return
            yield value

    async def __aiter__(self) -> AsyncIterator[Any]:
        steps = await self._origin.ask(["iter"])
        while True:
            done, value = await steps.next()
            if done:
                return
            yield value

    def __repr__(self) -> str:
        return f"<JSObject {self._origin.name}>"

    def __copy__(self) -> JSObject:
        return self

    def __deepcopy__(self, _memo: object) -> JSObject:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("an object of a client lives there: it cannot be pickled")


def _method(origin: Origin, name: str, /, *args: Any, **keywords: Any) -> Any:
    return origin.ask(["method", name, args, keywords])


class JSError(Exception):
    """What a function of the client threw. `thrown` keeps the client's own object, so that it comes home as it left."""

    __slots__ = ("thrown",)

    def __init__(self, name: str, message: str, stack: str = "", thrown: object = None) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.stack = stack
        self.thrown = thrown
        if stack:
            self.add_note(f"thrown in the client:\n{stack}")

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


def js_error(said: dict[str, Any], thrown: object) -> JSError:
    """Return the exception for an error that the client tells of (§12.3)."""
    name, message, stack = (str(said.get(key, "")) for key in ("name", "message", "stack"))
    return JSError(name or "Error", message, stack, thrown)


FOREIGN = frozenset({JSFunction, JSObject})
"""Types that stand for objects of a client."""


def origin_of(value: object) -> Any:
    """Return the origin of a JSFunction or JSObject."""
    return object.__getattribute__(value, "_origin")
