"""A short run of every fuzzer, and that the corpus means what it should. The long ones: `python -m tests.fuzz.run`."""

import pytest

from tests.fuzz.mutation import Mutator
from tests.fuzz.run import Finding, corpus_of, fuzz
from tests.fuzz.targets import TARGETS, Target

# Some tenths of a second each; those that run an engine or a whole request at every input get fewer.
INPUTS = dict.fromkeys(TARGETS, 4000) | {"publication": 400, "web": 1500, "sdp": 1500}


@pytest.mark.parametrize("parser", TARGETS)
def test_a_short_run(parser: str) -> None:
    figures = fuzz(parser, INPUTS[parser], seed=1)
    assert figures.inputs == INPUTS[parser]


@pytest.mark.parametrize("parser", set(TARGETS) - {"web"})
def test_most_of_the_corpus_is_good(parser: str) -> None:
    corpus = corpus_of(parser)
    figures = fuzz(parser, len(corpus), seed=0)
    assert len(corpus) >= 4
    assert figures.accepted >= 1
    assert len(set(corpus)) == len(corpus)


def test_the_same_seed_gives_the_same_inputs() -> None:
    one, other = (Mutator(7, [b"a=1\nb=2", b"c"], [b"word"], has_lines=True) for _ in range(2))
    assert [one.next() for _ in range(500)] == [other.next() for _ in range(500)]


def test_what_is_not_declared_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def feed(wire: bytes) -> None:
        if len(wire) > 60:
            raise KeyError("inside")

    monkeypatch.setattr("tests.fuzz.run.TARGETS", {"stun": Target(feed, (ValueError,))})
    with pytest.raises(Finding, match="KeyError") as finding:
        fuzz("stun", 1000, seed=1)
    assert len(finding.value.wire) > 60


def test_what_takes_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def feed(wire: bytes) -> None:
        sum(range(200_000))

    monkeypatch.setattr("tests.fuzz.run.TARGETS", {"stun": Target(feed, (), bound_s=0.0001)})
    with pytest.raises(Finding, match="takes"):
        fuzz("stun", 10, seed=1)
