"""The credentials of a peer's ICE sessions: the current ones and, after a restart, those that are coming (RFC 8445).

Pure. A restart changes nothing yet: checks with the old credentials are answered until the peer has nominated a pair
with the new ones, so that media never waits for it (RFC 8445 section 9).
"""

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """One ICE session: our user fragment and password, and the remote user fragment they belong to.

    `username` is what a check has to carry (RFC 8445 section 7.2.2), `key` what it is signed with.
    """

    ufrag: str
    password: str
    remote_ufrag: str

    @classmethod
    def fresh(cls, remote_ufrag: str) -> "Credentials":
        """New random ones, 48 and 128 bits in hexadecimal: only letters and digits (ice-char, RFC 8839 section 5.4)."""
        return cls(secrets.token_hex(6), secrets.token_hex(16), remote_ufrag)

    @property
    def username(self) -> str:
        """USERNAME of a check to us."""
        return f"{self.ufrag}:{self.remote_ufrag}"

    @property
    def key(self) -> bytes:
        """The key of a check's MESSAGE-INTEGRITY."""
        return self.password.encode()

    @property
    def etag(self) -> str:
        """A strong entity tag for this ICE session (RFC 9725 section 4.3.1)."""
        return f'"{self.ufrag}"'


class IceSessions:
    """A peer's one or two ICE sessions. `ufrags` are ours that a check may name, to find the peer by."""

    def __init__(self, remote_ufrag: str) -> None:
        self._current = Credentials.fresh(remote_ufrag)
        self._coming: Credentials | None = None
        self.ufrags: tuple[str, ...] = (self._current.ufrag,)

    @property
    def newest(self) -> Credentials:
        """The ICE session that was agreed upon last."""
        return self._coming or self._current

    @property
    def is_restarting(self) -> bool:
        """Whether the newest has not been nominated with yet."""
        return self._coming is not None

    def restart(self, remote_ufrag: str) -> Credentials:
        """Begin another ICE session beside the current one; an earlier one that never came is given up."""
        self._coming = Credentials.fresh(remote_ufrag)
        self.ufrags = (self._current.ufrag, self._coming.ufrag)
        return self._coming

    def named(self, username: str) -> Credentials | None:
        """The ICE session a check's USERNAME names."""
        known = (self._current, self._coming)
        return next((one for one in known if one is not None and one.username == username), None)

    def nominated(self, credentials: Credentials) -> None:
        """The peer nominates a pair of this ICE session: an older one is over."""
        if credentials is self._coming:
            self._current, self._coming = credentials, None
