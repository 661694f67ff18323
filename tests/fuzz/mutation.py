"""Mutations: what turns a good input into a bad one. Seeded, so that a run can be done again to the byte.

Blind mutations know bytes only. Those of lines know that SDP and HTTP heads come in lines; each target may add a
`shape` of its own, which puts lengths and versions right again so that the parser gets past its first look.
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

Shape = Callable[[bytes, random.Random], bytes]

INTERESTING: Final = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 126, 127, 128, 191, 192, 200, 223, 254, 255)
NUMBERS: Final = (
    b"0",
    b"-1",
    b"1",
    b"9",
    b"127",
    b"128",
    b"255",
    b"65535",
    b"65536",
    b"4294967296",
    b"1e9",
    b"00",
    b"+1",
)
ODD: Final = (
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b"\xff",
    b"\xc3\x28",
    "٣".encode(),
    "\u2028".encode(),
    b" ",
    b"\t",
    b"%00",
)
_NUMBER = re.compile(rb"\d+")
_MOST_REPEATED_BYTES: Final = 40_000


class Mutator:
    """Makes inputs out of a corpus.

    Args:
        seed: the same seed and corpus give the same inputs.
        corpus: good inputs, at least one.
        words: what the format is made of; put in here and there.
        has_lines: whether inputs are text in lines.
        max_bytes: inputs are cut at this length.
        shape: puts right what every input of the format must have; used on half of them.
    """

    def __init__(
        self,
        seed: int,
        corpus: Sequence[bytes],
        words: Sequence[bytes] = (),
        *,
        has_lines: bool = False,
        max_bytes: int = 2048,
        shape: Shape | None = None,
    ) -> None:
        self._random = random.Random(seed)
        self._corpus = list(corpus)
        self._words = list(words) + list(ODD) + list(NUMBERS)
        self._max = max_bytes
        self._shape = shape
        self._ways = [_flip, _set, _insert, _delete, _double, _cut, self._splice, self._put_word, _swap_number]
        if has_lines:
            self._ways += [_drop_line, _double_line, _swap_lines, self._put_line, self._put_line, _flood_line] * 2

    def next(self) -> bytes:
        """The next input: a member of the corpus changed one to five times."""
        rng = self._random
        made = rng.choice(self._corpus)
        if self._shape is not None and rng.random() < 0.25:
            return self._shape(made, rng)[: self._max]
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
            made = rng.choice(self._ways)(made, rng)
        if rng.random() < 0.005:
            made = _flood(made, rng)
        if self._shape is not None and rng.random() < 0.5:
            made = self._shape(made, rng)
        return made[: self._max]

    def _splice(self, wire: bytes, rng: random.Random) -> bytes:
        other = rng.choice(self._corpus)
        return wire[: rng.randint(0, len(wire))] + other[rng.randint(0, len(other)) :]

    def _put_word(self, wire: bytes, rng: random.Random) -> bytes:
        at, word = rng.randint(0, len(wire)), rng.choice(self._words)
        return wire[:at] + word + wire[at + rng.choice((0, len(word))) :]

    def _put_line(self, wire: bytes, rng: random.Random) -> bytes:
        lines = wire.split(b"\n")
        lines.insert(rng.randint(0, len(lines)), rng.choice(rng.choice(self._corpus).split(b"\n")))
        return b"\n".join(lines)


def _place(wire: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randint(0, len(wire))
    return start, min(len(wire), start + rng.choice((1, 1, 2, 4, 8, 16, 64)))


def _flip(wire: bytes, rng: random.Random) -> bytes:
    if not wire:
        return b"\x00"
    at = rng.randrange(len(wire))
    return wire[:at] + bytes([wire[at] ^ 1 << rng.randrange(8)]) + wire[at + 1 :]


def _set(wire: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(wire)) if wire else 0
    return wire[:at] + bytes([rng.choice(INTERESTING)]) + wire[at + 1 :]


def _insert(wire: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(wire))
    return wire[:at] + rng.randbytes(rng.choice((1, 2, 4, 16))) + wire[at:]


def _delete(wire: bytes, rng: random.Random) -> bytes:
    start, end = _place(wire, rng)
    return wire[:start] + wire[end:]


def _double(wire: bytes, rng: random.Random) -> bytes:
    start, end = _place(wire, rng)
    return wire[:end] + wire[start:end] * rng.choice((1, 1, 2, 30)) + wire[end:]


def _cut(wire: bytes, rng: random.Random) -> bytes:
    return wire[: rng.randint(0, len(wire))]


def _swap_number(wire: bytes, rng: random.Random) -> bytes:
    found = list(_NUMBER.finditer(wire, 0, 4096))
    if not found:
        return _set(wire, rng)
    one = rng.choice(found)
    return wire[: one.start()] + rng.choice(NUMBERS) + wire[one.end() :]


def _flood(wire: bytes, rng: random.Random) -> bytes:
    """Some piece so many times that an input is as long as it may be: what a quadratic parser drowns in."""
    start, end = _place(wire, rng)
    piece = wire[start:end] or b"a"
    return wire[:start] + piece * (_MOST_REPEATED_BYTES // len(piece)) + wire[end:]


def _drop_line(wire: bytes, rng: random.Random) -> bytes:
    lines = wire.split(b"\n")
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def _double_line(wire: bytes, rng: random.Random) -> bytes:
    lines = wire.split(b"\n")
    at = rng.randrange(len(lines))
    return b"\n".join([*lines[:at], lines[at], *lines[at:]])


def _swap_lines(wire: bytes, rng: random.Random) -> bytes:
    lines = wire.split(b"\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def _flood_line(wire: bytes, rng: random.Random) -> bytes:
    if rng.random() > 0.01:
        return _double_line(wire, rng)
    lines = wire.split(b"\n")
    at = rng.randrange(len(lines))
    many = [lines[at]] * (_MOST_REPEATED_BYTES // (len(lines[at]) + 1))
    return b"\n".join([*lines[:at], *many, *lines[at:]])
