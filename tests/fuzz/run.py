"""Fuzz one parser: `python -m tests.fuzz.run PARSER --inputs 1000000 [--seed 1] [--keep FOLDER]`.

Prints `name: value`, one a line. Exits 1 at the first input that makes a parser raise what it does not declare,
return what it must not, or take longer than its bound; that input is printed, and kept when a folder is named.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.fuzz.mutation import Mutator
from tests.fuzz.targets import TARGETS, Target

CORPUS: Final = Path(__file__).parent / "corpus"
_LOOKS: Final = 5


class Finding(AssertionError):
    """An input that a parser cannot bear; `wire` is the input."""

    def __init__(self, what: str, wire: bytes) -> None:
        super().__init__(what)
        self.wire = wire


@dataclass(slots=True)
class Figures:
    """What came of a run. Times are CPU seconds of this thread in the parser alone."""

    inputs: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    total_s: float = 0.0
    slowest_s: float = 0.0
    slowest_bytes: int = 0
    total_bytes: int = 0
    longest_bytes: int = 0

    def lines(self) -> list[str]:
        """The figures as `name: value`."""
        return [
            f"inputs: {self.inputs}",
            f"accepted: {self.accepted}",
            f"refused: {sum(self.refused.values())}",
            *(f"refused_{code}: {count}" for code, count in self.refused.most_common(12)),
            f"mean_bytes: {self.total_bytes / max(1, self.inputs):.0f}",
            f"longest_bytes: {self.longest_bytes}",
            f"mean_us: {1e6 * self.total_s / max(1, self.inputs):.2f}",
            f"slowest_ms: {1e3 * self.slowest_s:.3f}",
            f"slowest_bytes: {self.slowest_bytes}",
        ]


def corpus_of(parser: str) -> list[bytes]:
    """The committed inputs of a parser, in the order of their names."""
    return [file.read_bytes() for file in sorted((CORPUS / parser).iterdir())]


def fuzz(parser: str, inputs: int, seed: int) -> Figures:
    """Feed the corpus and then mutations of it, `inputs` in all.

    Raises:
        Finding: a parser did what it must not.
    """
    target, corpus = TARGETS[parser], corpus_of(parser)
    mutator = Mutator(
        seed,
        corpus,
        target.words,
        has_lines=target.has_lines,
        max_bytes=target.max_bytes,
        shape=target.shape,
    )
    figures = Figures()
    for number in range(inputs):
        _feed(target, corpus[number] if number < len(corpus) else mutator.next(), figures)
    return figures


def _feed(target: Target, wire: bytes, figures: Figures) -> None:
    started = time.thread_time()
    try:
        target.feed(wire)
        figures.accepted += 1
    except target.declared as error:
        figures.refused[_code(error)] += 1
    except Exception as error:
        raise Finding(f"{type(error).__name__}: {error}", wire) from error
    took = time.thread_time() - started
    figures.inputs += 1
    figures.total_s += took
    figures.total_bytes += len(wire)
    figures.longest_bytes = max(figures.longest_bytes, len(wire))
    if took > figures.slowest_s:
        _look_again(target, wire, took, figures)


def _look_again(target: Target, wire: bytes, took: float, figures: Figures) -> None:
    """Slow once may be the machine; slow five times over is the input."""
    least = min(took, *(_time_of(target, wire) for _ in range(_LOOKS)))
    if least > target.bound_s:
        raise Finding(f"takes {1e3 * least:.1f} ms", wire)
    if least > figures.slowest_s:
        figures.slowest_s, figures.slowest_bytes = least, len(wire)


def _time_of(target: Target, wire: bytes) -> float:
    started = time.thread_time()
    with suppress(*target.declared):
        target.feed(wire)
    return time.thread_time() - started


def _code(error: Exception) -> str:
    return str(getattr(error, "code", "") or (error.args[0] if error.args else "")).replace(" ", "_")[:40]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz and print; 1 for a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__.split("\n\n")[0])
    parser.add_argument("parser", choices=sorted(TARGETS))
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="the folder for an input that a parser cannot bear")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        figures = fuzz(options.parser, options.inputs, options.seed)
    except Finding as finding:
        print(f"{options.parser}: {finding}: {finding.wire[:2000]!r}", file=sys.stderr)
        if options.keep is not None:
            (options.keep / f"{options.parser}-finding").write_bytes(finding.wire)
        return 1
    print(f"parser: {options.parser}\nseed: {options.seed}", *figures.lines(), sep="\n")
    print(f"seconds: {time.monotonic() - started:.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
