"""A remote peer for tests: ICE controlling agent and DTLS client without a socket, or with aiortc as a whole."""

import os

from media import stun
from media.dtls import DtlsEndpoint, DtlsIdentity, Fingerprint
from media.srtp import SrtpSession
from media.udp import Address

IDENTITY = DtlsIdentity()
AUDIO_TYPE, H264_TYPE, VP8_TYPE = 111, 102, 96


def offer(direction: str, *, kinds: tuple[str, ...] = ("audio",), fingerprint: Fingerprint | None = None) -> str:
    """An offer as Chromium would make it."""
    print_ = fingerprint or IDENTITY.fingerprint
    codecs = {
        "audio": (f"{AUDIO_TYPE}", [f"a=rtpmap:{AUDIO_TYPE} opus/48000/2", f"a=rtcp-fb:{AUDIO_TYPE} nack"]),
        "video": (
            f"{H264_TYPE} {VP8_TYPE}",
            [
                f"a=rtpmap:{H264_TYPE} H264/90000",
                f"a=fmtp:{H264_TYPE} packetization-mode=1;profile-level-id=42e01f",
                f"a=rtpmap:{VP8_TYPE} VP8/90000",
                f"a=rtcp-fb:{H264_TYPE} nack pli",
            ],
        ),
    }
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE " + " ".join(kinds)]
    for kind in kinds:
        numbers, attributes = codecs[kind]
        lines += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {numbers}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{kind}",
            "a=ice-ufrag:them",
            "a=ice-pwd:theirpasswordtheirpassword",
            f"a=fingerprint:{print_.algorithm} {print_.digest}",
            "a=setup:actpass",
            "a=rtcp-mux",
            f"a={direction}",
            *attributes,
        ]
    return "\r\n".join(lines) + "\r\n"


def read_answer(text: str) -> tuple[str, bytes, Fingerprint]:
    """The server's user fragment, password and fingerprint."""
    values = dict(line[2:].split(":", 1) for line in text.split("\r\n") if line.startswith("a=") and ":" in line)
    algorithm, digest = values["fingerprint"].split()
    return values["ice-ufrag"], values["ice-pwd"].encode(), Fingerprint(algorithm, digest)


class Remote:
    """The other end of one session."""

    def __init__(self, answer: str, address: Address) -> None:
        self.address = address
        self.own_ufrag = "them"
        self.ufrag, self.password, theirs = read_answer(answer)
        self.dtls = DtlsEndpoint(IDENTITY, (theirs,), is_server=False)
        self.received: list[bytes] = []

    def check(self, *, nominate: bool = True, password: bytes | None = None, username: str | None = None) -> bytes:
        """A connectivity check."""
        return stun.format_request(
            os.urandom(12),
            username if username is not None else f"{self.ufrag}:{self.own_ufrag}",
            password or self.password,
            tie_breaker=1,
            nominate=nominate,
        )

    @property
    def srtp(self) -> SrtpSession:
        """The keys, once connected."""
        assert self.dtls.srtp is not None
        return self.dtls.srtp
