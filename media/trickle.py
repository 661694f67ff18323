"""Trickle fragments, `application/trickle-ice-sdpfrag`: what a client adds to its offer later, or restarts ICE with.

Pure text (RFC 8840 section 9, RFC 9725 section 4.3). The shape is read strictly and within bounds. Candidates are
then let go: an ICE-lite server learns addresses from checks and sends to nobody who has not asked (RFC 8445
section 2.5).
"""

import re
from dataclasses import dataclass
from typing import Final

from media.errors import FragmentRejected
from media.ice import Credentials
from media.sdp import MAX_SECTIONS

MAX_BYTES: Final = 16 * 1024
MAX_CANDIDATES: Final = 128
_MAX_LINE: Final = 512

_ICE_CHARS: Final = r"[A-Za-z0-9+/]"
# libwebrtc and others put - and _ and = into them too, and RFC 8839 section 5.4 bounds their length.
_UFRAG: Final = re.compile(r"[A-Za-z0-9+/=_-]{4,256}\Z")
_PASSWORD: Final = re.compile(r"[A-Za-z0-9+/=_-]{22,256}\Z")
_MID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]{1,64}\Z")
_MEDIA: Final = re.compile(r"(?:audio|video|application) \d{1,5} [A-Z/]{1,32}(?: [A-Za-z0-9-]{1,32}){1,64}\Z")
# RFC 8839 section 5.1; the address may be a name, as mDNS candidates are (*.local).
_CANDIDATE: Final = re.compile(
    rf"{_ICE_CHARS}{{1,32}} (?P<component>\d{{1,3}}) [A-Za-z0-9-]{{1,16}} (?P<priority>\d{{1,10}})"
    r" [A-Za-z0-9.:%-]{1,255} (?P<port>\d{1,5}) typ (?:host|srflx|prflx|relay)"
    r"(?: [\x21-\x7e]{1,64} [\x21-\x7e]{1,255}){0,16}\Z"
)


@dataclass(frozen=True, slots=True)
class Fragment:
    """What of a fragment matters here: whose ICE session it speaks of, how many candidates it named, and the lines
    `m=` and `a=mid` of its first section, by which an answer says what it is about.
    """

    ufrag: str
    candidates: int
    section: tuple[str, ...]


def parse_fragment(text: str) -> Fragment:
    """Read a fragment.

    Raises:
        FragmentRejected: `fragment_too_large` (413), `fragment_malformed` (400): no or unequal credentials, a line or
            a candidate out of shape, more than `MAX_CANDIDATES`. Attributes not known are passed over.
    """
    if len(text) > MAX_BYTES:
        raise FragmentRejected("fragment_too_large", 413)
    ufrags: set[str] = set()
    passwords: set[str] = set()
    sections: list[str] = []
    mids: list[str] = []
    candidates = 0
    for line in text.replace("\r\n", "\n").rstrip("\n").split("\n"):
        kind, value = line[:2], line[2:]
        if len(line) > _MAX_LINE or kind not in ("a=", "m="):
            raise FragmentRejected("fragment_malformed")
        if kind == "m=":
            sections.append(_matched(_MEDIA, value))
            continue
        name, _, value = value.partition(":")
        match name:
            case "ice-ufrag":
                ufrags.add(_matched(_UFRAG, value))
            case "ice-pwd":
                passwords.add(_matched(_PASSWORD, value))
            case "mid":
                mids.append(_matched(_MID, value))
            case "candidate":
                candidates += _candidate(value)
    if len(ufrags) != 1 or len(passwords) != 1 or len(sections) > MAX_SECTIONS or candidates > MAX_CANDIDATES:
        raise FragmentRejected("fragment_malformed")
    about = (f"m={sections[0]}", f"a=mid:{mids[0]}") if sections and mids else ()
    return Fragment(ufrags.pop(), candidates, about)


def format_fragment(credentials: Credentials, section: tuple[str, ...], candidates: list[str]) -> str:
    """Our side of a restarted ICE session, in the shape of RFC 9725 figure 7: what it is about (as the client wrote
    it), new credentials, and the lines of all our candidates.
    """
    lines = ["a=ice-lite", *section, f"a=ice-ufrag:{credentials.ufrag}", f"a=ice-pwd:{credentials.password}"]
    return "\r\n".join([*lines, *candidates]) + "\r\n"


def _matched(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.match(value):
        raise FragmentRejected("fragment_malformed")
    return value


def _candidate(value: str) -> int:
    found = _CANDIDATE.match(value)
    if not found:
        raise FragmentRejected("fragment_malformed")
    component, priority, port = (int(found[name]) for name in ("component", "priority", "port"))
    if not (1 <= component <= 256 and 1 <= priority < 1 << 31 and port <= 65535):
        raise FragmentRejected("fragment_malformed")
    return 1
