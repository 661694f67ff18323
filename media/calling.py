"""SDP as the calling side of a session writes and reads it: one m-line offered, an ICE-lite answer read.

Pure text, for an edge that listens to its origin, and for the chain test, which also sends. Of the answer only what
the caller acts upon is read.
"""

import ipaddress
import re
import secrets
from dataclasses import dataclass, field
from typing import Final, Literal

from media.dtls import Fingerprint
from media.errors import WireError

Kind = Literal["audio", "video"]
Direction = Literal["recvonly", "sendonly"]

_MAX_BYTES: Final = 32 * 1024
_MAX_CANDIDATES: Final = 16
_OPUS_TYPE: Final = 111
_CODECS: Final[dict[Kind, dict[int, str]]] = {
    "audio": {_OPUS_TYPE: "opus/48000/2"},
    "video": {102: "H264/90000", 96: "VP8/90000"},
}
_PARAMETERS: Final = {
    _OPUS_TYPE: "minptime=20;useinbandfec=1;stereo=0;maxaveragebitrate=64000",
    102: "packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1",
}
_FEEDBACK: Final[dict[Kind, tuple[str, ...]]] = {"audio": ("nack",), "video": ("nack", "nack pli")}
_CANDIDATE: Final = re.compile(r"\S{1,32} 1 udp \d{1,10} (?P<host>[0-9a-fA-F.:]{2,45}) (?P<port>\d{1,5}) typ host")
_RTPMAP: Final = re.compile(r"(?P<number>\d{1,3}) (?P<name>opus|H264|VP8)/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OurSide:
    """Our ICE user name fragment and password (RFC 8445 section 5.3: at least 24 and 128 random bits)."""

    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class TheirSide:
    """What an answer says: ICE credentials, who they are, where they are, and the codec of each payload type."""

    ufrag: str
    password: str
    fingerprint: Fingerprint
    addresses: tuple[tuple[str, int], ...]
    codecs: dict[int, str]


def format_offer(ours: OurSide, fingerprint: Fingerprint, kind: Kind, direction: Direction = "recvonly") -> str:
    """An offer of one m-line: Opus, or H.264 and VP8. An ICE-lite server needs no candidates of ours."""
    codecs = _CODECS[kind]
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, codecs))}",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        f"a=ice-ufrag:{ours.ufrag}",
        f"a=ice-pwd:{ours.password}",
        f"a=fingerprint:{fingerprint.algorithm} {fingerprint.digest}",
        "a=setup:actpass",
        "a=rtcp-mux",
        f"a={direction}",
    ]
    for number, name in codecs.items():
        lines.append(f"a=rtpmap:{number} {name}")
        if number in _PARAMETERS:
            lines.append(f"a=fmtp:{number} {_PARAMETERS[number]}")
        lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in _FEEDBACK[kind]]
    return "\r\n".join(lines) + "\r\n"


def parse_answer(text: str) -> TheirSide:
    """Read an answer to such an offer; candidates that are not UDP host addresses are passed over.

    Raises:
        WireError: `answer_malformed`, also when nothing was taken or there is nowhere to send to.
    """
    if len(text) > _MAX_BYTES:
        raise WireError("answer_malformed")
    values: dict[str, str] = {}
    addresses: list[tuple[str, int]] = []
    codecs: dict[int, str] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        name, _, value = line.removeprefix("a=").partition(":")
        if not line.startswith("a="):
            continue
        if name == "candidate" and len(addresses) < _MAX_CANDIDATES:
            addresses += _candidate(value)
        elif name == "rtpmap" and (found := _RTPMAP.match(value)):
            codecs[int(found["number"])] = found["name"].lower()
        else:
            values.setdefault(name, value.strip())
    algorithm, _, digest = values.get("fingerprint", "").partition(" ")
    if not (values.get("ice-ufrag") and values.get("ice-pwd") and digest and addresses and codecs):
        raise WireError("answer_malformed")
    fingerprint = Fingerprint(algorithm.lower(), digest.strip().upper())
    return TheirSide(values["ice-ufrag"], values["ice-pwd"], fingerprint, tuple(addresses), codecs)


def _candidate(value: str) -> list[tuple[str, int]]:
    found = _CANDIDATE.match(value)
    if found is None:
        return []
    try:
        host = str(ipaddress.ip_address(found["host"]))
    except ValueError:
        return []
    port = int(found["port"])
    return [(host, port)] if 0 < port < 65536 else []
