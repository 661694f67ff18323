"""RTCP: what the engine reads and writes of it (RFC 3550 section 6, RFC 4585, RFC 5104). A codec without I/O."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from media.errors import WireError

SR: Final = 200
RR: Final = 201
SDES: Final = 202
BYE: Final = 203
RTPFB: Final = 205
PSFB: Final = 206
_NTP_EPOCH_S: Final = 2208988800
ROUND_S: Final = 2
"""Our sender reports stand at whole multiples of so much RTP time. Pages are told a report's wall clock alone, and so
know both halves (server/PROTOCOL.md, "Lip sync").
"""
_MAX_PACKETS: Final = 32
# More than any history holds; the rest is asked for in vain.
_MOST_NACK_PAIRS: Final = 64


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of one stream. `lost_fraction` is 0 to 1; `delay_s` is since the report named last."""

    ssrc: int
    lost_fraction: float
    lost_total: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class SenderReport:
    """A stream's place on its sender's clock: `ntp_s` is seconds of Unix time there."""

    ssrc: int
    ntp_s: float
    ntp_middle: int
    timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Nack:
    """The sequence numbers of `media_ssrc` that are asked for again (RFC 4585 section 6.2.1)."""

    media_ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR: the viewer cannot go on without a keyframe."""

    media_ssrc: int


@dataclass(frozen=True, slots=True)
class Bye:
    """The sender of these streams has left."""

    ssrcs: tuple[int, ...]


Item = ReportBlock | SenderReport | Nack | KeyframeRequest | Bye


def parse(wire: bytes) -> list[Item]:
    """Read a compound packet; packets of kinds not known here are skipped.

    Raises:
        WireError: version or lengths that do not add up, or more packets than any honest peer joins.
    """
    items: list[Item] = []
    at = 0
    for _ in range(_MAX_PACKETS):
        if at == len(wire):
            return items
        if at + 4 > len(wire) or wire[at] >> 6 != 2:
            raise WireError("rtcp_header")
        end = at + 4 + 4 * int.from_bytes(wire[at + 2 : at + 4], "big")
        if end > len(wire):
            raise WireError("rtcp_length")
        items.extend(_parse_one(wire[at + 1], wire[at] & 0x1F, wire[at + 4 : end]))
        at = end
    raise WireError("rtcp_too_many")


def _parse_one(kind: int, count: int, body: bytes) -> Iterator[Item]:
    try:
        if kind == SR:
            yield _sender_report(body)
            yield from _blocks(body[24:], count)
        elif kind == RR:
            yield from _blocks(body[4:], count)
        elif kind == RTPFB and count == 1:
            yield _nack(body)
        elif kind == PSFB and count == 1:
            yield KeyframeRequest(struct.unpack_from("!I", body, 4)[0])
        elif kind == PSFB and count == 4 and len(body) >= 12:
            yield KeyframeRequest(struct.unpack_from("!I", body, 8)[0])
        elif kind == BYE:
            yield Bye(struct.unpack_from(f"!{count}I", body))
    except struct.error as error:
        raise WireError("rtcp_body") from error


def _sender_report(body: bytes) -> SenderReport:
    ssrc, seconds, fraction, timestamp, packets, octets = struct.unpack_from("!6I", body)
    middle = ((seconds & 0xFFFF) << 16) | (fraction >> 16)
    return SenderReport(ssrc, seconds - _NTP_EPOCH_S + fraction / 2**32, middle, timestamp, packets, octets)


def _blocks(body: bytes, count: int) -> Iterator[ReportBlock]:
    for index in range(count):
        ssrc, lost, highest, jitter, last, delay = struct.unpack_from("!6I", body, 24 * index)
        total = ((lost & 0xFFFFFF) ^ 0x800000) - 0x800000
        yield ReportBlock(ssrc, (lost >> 24) / 256, total, highest, jitter, last, delay / 65536)


def _nack(body: bytes) -> Nack:
    _, media_ssrc = struct.unpack_from("!II", body)
    sequences: list[int] = []
    for at in range(8, min(len(body) - 3, 8 + 4 * _MOST_NACK_PAIRS), 4):
        first, mask = struct.unpack_from("!HH", body, at)
        sequences.append(first)
        sequences.extend((first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1)
    return Nack(media_ssrc, tuple(sequences))


def ntp_middle(unix_s: float) -> int:
    """The middle 32 bits of an NTP time, as report blocks carry it."""
    return int((unix_s + _NTP_EPOCH_S) * 65536) & 0xFFFFFFFF


def rounded(unix_s: float, timestamp: int, clock_hz: int) -> tuple[float, int]:
    """The last instant of the same line that a sender report of ours may stand at; `ROUND_S` earlier at most."""
    past = timestamp % (ROUND_S * clock_hz)
    return unix_s - past / clock_hz, timestamp - past


def format_sender_report(ssrc: int, unix_s: float, timestamp: int, packets: int, octets: int, cname: bytes) -> bytes:
    """SR and SDES with the CNAME; streams of one CNAME are played in step by browsers."""
    ntp = unix_s + _NTP_EPOCH_S
    seconds = int(ntp)
    body = struct.pack(
        "!6I",
        ssrc,
        seconds & 0xFFFFFFFF,
        int((ntp - seconds) * 2**32) & 0xFFFFFFFF,
        timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    return _packet(SR, 0, body) + _sdes(ssrc, cname)


def format_receiver_report(ssrc: int, blocks: list[ReportBlock], cname: bytes) -> bytes:
    """RR and SDES."""
    body = struct.pack("!I", ssrc) + b"".join(_format_block(block) for block in blocks)
    return _packet(RR, len(blocks), body) + _sdes(ssrc, cname)


def format_pli(ssrc: int, media_ssrc: int) -> bytes:
    """Picture loss indication: a keyframe, please (RFC 4585 section 6.3.1)."""
    return _packet(PSFB, 1, struct.pack("!II", ssrc, media_ssrc))


def format_nack(ssrc: int, media_ssrc: int, sequences: list[int]) -> bytes:
    """A generic NACK for `sequences`, in ascending order modulo 2^16."""
    pairs: list[tuple[int, int]] = []
    for sequence in sequences:
        if pairs and 0 < (gap := (sequence - pairs[-1][0]) & 0xFFFF) <= 16:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] | 1 << (gap - 1))
        else:
            pairs.append((sequence, 0))
    body = struct.pack("!II", ssrc, media_ssrc) + b"".join(struct.pack("!HH", *pair) for pair in pairs)
    return _packet(RTPFB, 1, body)


def format_remb(ssrc: int, media_ssrcs: list[int], bits_per_s: int) -> bytes:
    """Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 section 2.2)."""
    exponent = max(0, bits_per_s.bit_length() - 18)
    rate = (exponent << 18) | (bits_per_s >> exponent)
    body = struct.pack("!II4sI", ssrc, 0, b"REMB", len(media_ssrcs) << 24 | rate)
    return _packet(PSFB, 15, body + struct.pack(f"!{len(media_ssrcs)}I", *media_ssrcs))


def _format_block(block: ReportBlock) -> bytes:
    lost = min(255, int(block.lost_fraction * 256)) << 24 | (block.lost_total & 0xFFFFFF)
    return struct.pack(
        "!6I",
        block.ssrc,
        lost,
        block.highest_sequence & 0xFFFFFFFF,
        block.jitter,
        block.last_report,
        int(block.delay_s * 65536) & 0xFFFFFFFF,
    )


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def _sdes(ssrc: int, cname: bytes) -> bytes:
    item = b"\x01" + bytes([len(cname)]) + cname + b"\x00"
    return _packet(SDES, 1, struct.pack("!I", ssrc) + item + bytes(-len(item) & 3))
