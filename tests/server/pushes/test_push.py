"""One push and its thread: in order, again after trouble with growing pauses, its drops counted, ended at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from media.stream import VIDEO, Sample
from media.stream_taps import Tap
from server.pushes import push as push_module
from server.pushes.order import LAG_S, Order
from server.pushes.push import Doors, Push, PushState
from server.pushes.sink import SinkError
from server.pushes.target import Target, checked_target

TARGET = checked_target("city", "rtmp://h/a/k", "de")
WAIT_S = 30.0


def sample(track: str, starts_s: float) -> Sample:
    return Sample(track, starts_s, b"12345", True, b"p")


def test_two_tracks_come_in_one_order() -> None:
    order = Order(frozenset({VIDEO, "de"}))
    assert order.put(sample(VIDEO, 1.0)) == []
    assert order.put(sample(VIDEO, 1.04)) == []
    assert order.put(sample("de", 0.99)) == [sample("de", 0.99)]
    assert [one.starts_s for one in order.put(sample("de", 1.01))] == [1.0, 1.01]


def test_a_track_that_is_missing_holds_the_other_up_no_longer_than_needed() -> None:
    order = Order(frozenset({VIDEO, "de"}))
    assert order.put(sample("de", 0.0)) == []
    assert [one.starts_s for one in order.put(sample("de", LAG_S + 0.1))] == [0.0]


@dataclass
class Platform:
    """The other side: takes, refuses or breaks, as a test wants; and the stream that is pushed."""

    trouble: list[str] = field(default_factory=list)
    breaks: bool = False
    sent: list[Sample] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)
    closed: int = 0
    news: threading.Condition = field(default_factory=threading.Condition)

    def open_sink(self, target: Target) -> Platform:
        if self.trouble:
            raise SinkError(self.trouble.pop(0))
        return self

    def open_tap(self) -> Tap:
        tap = Tap(frozenset({VIDEO, "de"}))
        with self.news:
            self.taps.append(tap)
            self.news.notify_all()
        return tap

    def close_tap(self, tap: Tap) -> None:
        with self.news:
            self.closed += 1
            self.news.notify_all()

    def send(self, sample: Sample) -> int:
        if self.breaks:
            self.breaks = False
            raise SinkError("broken")
        with self.news:
            self.sent.append(sample)
            self.news.notify_all()
        return len(sample.payload)

    def close(self) -> None:
        return

    def until_taps(self, count: int) -> Tap:
        with self.news:
            assert self.news.wait_for(lambda: len(self.taps) >= count, WAIT_S)
            return self.taps[-1]

    def until_sent(self, count: int) -> None:
        with self.news:
            assert self.news.wait_for(lambda: len(self.sent) >= count, WAIT_S)

    def push(self) -> Push:
        return Push(TARGET, Doors(self.open_tap, self.close_tap, self.open_sink, lambda: 1000.0))


def until(push: Push, state: PushState) -> None:
    wait = threading.Event()
    for _ in range(500):
        if push.facts.state is state:
            return
        wait.wait(0.01)
    raise AssertionError(f"{push.facts} and not {state}")


def ended(push: Push) -> None:
    push.stop()
    push.join(WAIT_S)


def test_what_is_tapped_goes_out_in_order_and_is_counted() -> None:
    platform = Platform()
    push = platform.push()
    assert push.facts.state is PushState.CONNECTING
    push.start()
    tap = platform.until_taps(1)
    for one in (sample("de", 0.0), sample("de", 0.02), sample(VIDEO, 0.01), sample(VIDEO, 0.05)):
        tap.put(one)
    platform.until_sent(3)
    assert [one.starts_s for one in platform.sent] == [0.0, 0.01, 0.02]
    until(push, PushState.LIVE)
    assert (push.facts.bytes, push.facts.drops, push.facts.reason, push.facts.since) == (15, 0, "", 1000.0)
    ended(push)
    assert platform.closed == 1


def test_trouble_is_tried_again_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "PAUSES_S", (0.0, 0.01, 0.02))
    platform = Platform(trouble=["unreachable", "timeout", "broken", "unreachable"])
    push = platform.push()
    push.start()
    platform.until_taps(1)
    assert push.facts.attempts == 5
    ended(push)


def test_a_connection_that_breaks_is_opened_anew_with_a_fresh_tap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "PAUSES_S", (0.0,))
    platform = Platform(breaks=True)
    push = platform.push()
    push.start()
    for one in (sample("de", 0.0), sample(VIDEO, 0.0)):
        platform.until_taps(1).put(one)
    again = platform.until_taps(2)
    for one in (sample("de", 9.0), sample(VIDEO, 9.0)):
        again.put(one)
    platform.until_sent(1)
    assert {one.starts_s for one in platform.sent} == {9.0}
    ended(push)


def test_a_refusal_is_a_failure_and_a_stop_does_not_wait_for_the_next_try() -> None:
    platform = Platform(trouble=["refused"] * 9)
    push = platform.push()
    push.start()
    until(push, PushState.FAILED)
    assert push.facts.reason == "refused"
    ended(push)
    assert push.facts.attempts == 1


def test_a_stream_from_which_nothing_comes_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "_EMPTY_S", -1.0)
    monkeypatch.setattr(push_module, "_LOOK_S", 0.01)
    platform = Platform()
    push = platform.push()
    push.start()
    until(push, PushState.WAITING)
    assert push.facts.reason == "no_stream"
    ended(push)


def test_what_the_way_cannot_take_is_dropped_and_counted() -> None:
    platform = Platform()
    push = platform.push()
    push.start()
    tap = platform.until_taps(1)
    tap.dropped = 7
    tap.put(sample("de", 0.0))
    tap.put(sample(VIDEO, 0.0))
    until(push, PushState.LIVE)
    assert push.facts.drops == 7
    ended(push)
