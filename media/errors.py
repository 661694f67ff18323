"""The engine's one tree of errors, each with a stable machine code.

Our own misuse raises `MediaError` subclasses; bytes of strangers never raise past the transport, they are
counted (see `media.counters`).
"""


class MediaError(Exception):
    """The root: `code` is stable and snake_case, `status` the HTTP status a front end would answer with."""

    status = 500

    def __init__(self, code: str, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        if status is not None:
            self.status = status


class OfferRejected(MediaError):
    """An SDP offer that is malformed (400), too large (413) or asks for what is not served (422)."""

    status = 422


class FragmentRejected(MediaError):
    """A trickle fragment that is malformed (400) or too large (413)."""

    status = 400


class EtagStale(MediaError):
    """Another ICE session than the newest is meant (412)."""

    status = 412

    def __init__(self) -> None:
        super().__init__("etag_stale")


class Overloaded(MediaError):
    """No room for another peer now; try again later (503)."""

    status = 503


class PeerUnknown(MediaError):
    """The peer named is not there, or no longer."""

    status = 404

    def __init__(self) -> None:
        super().__init__("peer_unknown")


class WireError(ValueError):
    """Bytes from the network that are not what they should be. Counted and dropped by whoever parses."""
