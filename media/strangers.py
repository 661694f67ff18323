"""Hosts whose connectivity checks lead nowhere, and how they are shed: by source, before anything is parsed.

A flood costs a dictionary look-up and a slice a packet. It hurts nobody behind the same address: a check that names
one of our user fragments is always looked at, flood or none, and whoever does not know one cannot name it.
"""

from collections.abc import Container
from typing import Final

_MOST_FAILURES: Final = 100
_MOST_HOSTS: Final = 4096
_UFRAG_BYTES: Final = 12
_USERNAME_FROM: Final = 24


class Strangers:
    """Counts failures by host since the last `forget`, which is called about twice a second.

    Hosts past the first 4,096 of a turn share one count, so that a flood under invented addresses takes no memory.
    """

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}

    def note(self, host: str) -> None:
        """A check from this host led nowhere."""
        if host not in self._failures and len(self._failures) >= _MOST_HOSTS:
            host = ""
        self._failures[host] = self._failures.get(host, 0) + 1

    def is_flooding(self, host: str) -> bool:
        """Whether this host's checks are not worth parsing now."""
        count = self._failures.get(host)
        if count is None and len(self._failures) >= _MOST_HOSTS:
            count = self._failures.get("", 0)
        return count is not None and count >= _MOST_FAILURES

    def forget(self) -> None:
        """A new turn: everybody begins with nothing."""
        self._failures.clear()


def names_one_of(check: bytes, ufrags: Container[str]) -> bool:
    """Whether a check's USERNAME seems to begin with one of our user fragments, without parsing it.

    Ours are all of one length and followed by the only colon there should be (RFC 8445 section 7.2.2).
    """
    colon = check.find(b":", _USERNAME_FROM)
    return check[colon - _UFRAG_BYTES : colon].decode("latin-1") in ufrags if colon > 0 else False
