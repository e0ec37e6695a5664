"""Signatures in the log of a durable session (§16.7): behind what was recorded, where whoever has no secret reads past them."""

from __future__ import annotations

from polyloom.errors import SignatureError
from polyloom.signing import LOG, Field, matches, sign

DIGITS = 64  # of a signature


class Seal:
    """Signs what is recorded under a name, and knows it again; without a secret it does neither."""

    def __init__(self, secret: str, name: str) -> None:
        self._secret = secret.encode()
        self._name = name

    def close(self, value: bytes, *place: Field) -> bytes:
        """Return a value with its signature; `place` is all else that it depends on."""
        return value + sign(self._secret, [LOG, self._name, *place, value]).encode() if self._secret else value

    def check(self, value: bytes, *place: Field) -> None:
        """Raise SignatureError unless a value was signed for this place."""
        signed, signature = value[:-DIGITS], value[-DIGITS:]
        if self._secret and not matches(self._secret, signature, [LOG, self._name, *place, signed]):
            message = f"the log of the durable session {self._name} was changed, or was not signed with the secret of this worker"
            raise SignatureError(message, hint=f"forget it: polyloom runs forget {self._name}")
