"""The jitter buffer against a scripted network: what is kept, dropped, late, reordered, doubled."""

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from media.jitter import JitterBuffer
from media.opus import FRAME_SAMPLES, Encoder, Pcm
from media.rtp import RtpPacket
from tests.media.levels import rms_dbfs

TONE_HZ = 500


def packets(count: int, first: int = 65500) -> Iterator[RtpPacket]:
    """A tone of `count` packets; sequence numbers and timestamps wrap on the way."""
    encoder = Encoder(loss_percent=10)
    for n in range(count):
        samples = np.arange(n * FRAME_SAMPLES, (n + 1) * FRAME_SAMPLES) / 48000
        pcm = (0.3 * np.sin(2 * np.pi * TONE_HZ * samples)).astype(np.float32)
        timestamp = (0xFFFFF000 + n * FRAME_SAMPLES) & 0xFFFFFFFF
        yield RtpPacket(111, False, (first + n) & 0xFFFF, timestamp, 5, encoder.encode(pcm))


def play(buffer: JitterBuffer, script: Iterable[list[RtpPacket]]) -> list[Pcm]:
    """One list of arrivals before each tick."""
    frames = []
    for arrivals in script:
        for packet in arrivals:
            buffer.push(packet)
        frames.append(buffer.pull())
    return frames


def silent(frames: list[Pcm]) -> int:
    return sum(rms_dbfs(frame) < -30 for frame in frames)


def test_it_starts_40_ms_deep_and_plays_everything() -> None:
    frames = play(JitterBuffer(), ([p] for p in packets(100)))
    assert silent(frames) <= 2
    assert all(len(frame) == FRAME_SAMPLES for frame in frames)


def test_one_lost_packet_costs_nothing_but_itself() -> None:
    buffer = JitterBuffer()
    frames = play(buffer, ([] if n == 50 else [p] for n, p in enumerate(packets(100))))
    assert silent(frames) <= 2
    assert buffer.counts.lost == 1
    assert buffer.counts.concealed == FRAME_SAMPLES
    assert buffer.depth_ms <= 60


@pytest.mark.parametrize("percent", [1, 5, 20])
def test_loss_in_is_loss_out_and_no_more(percent: int) -> None:
    every = 100 // percent
    buffer = JitterBuffer()
    play(buffer, ([] if n % every == 7 % every else [p] for n, p in enumerate(packets(1000))))
    missing = buffer.counts.concealed / (1000 * FRAME_SAMPLES) * 100
    assert missing <= percent * 1.1
    assert buffer.depth_ms <= 60


def test_fec_brings_back_what_one_lost_packet_carried() -> None:
    buffer = JitterBuffer()
    frames = play(buffer, ([] if n == 50 else [p] for n, p in enumerate(packets(60))))
    heard = frames[52]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * 50 == TONE_HZ


def test_reordered_and_doubled_packets_are_put_right() -> None:
    buffer = JitterBuffer()
    all_packets = list(packets(101))
    script = [[all_packets[n], all_packets[n - 1], all_packets[n - 1]] if n % 2 else [] for n in range(1, 101)]
    frames = play(buffer, script)
    assert silent(frames) <= 4
    assert buffer.counts.lost == 0
    assert buffer.counts.duplicate + buffer.counts.late >= 40


def test_a_burst_after_a_stall_is_worked_off_within_two_seconds() -> None:
    buffer = JitterBuffer()
    all_packets = list(packets(400))
    script = [[p] for p in all_packets[:100]] + [[] for _ in range(10)]
    script += [all_packets[100:111], *([p] for p in all_packets[111:])]
    play(buffer, script[:115])
    assert buffer.depth_ms > 150
    play(buffer, script[115:215])
    assert buffer.depth_ms <= 90
    assert buffer.counts.lost == 0


def test_on_a_calm_line_it_settles_shallower_than_it_began() -> None:
    buffer = JitterBuffer()
    frames = play(buffer, ([p] for p in packets(2000)))
    assert buffer.depth_ms <= 15
    assert buffer.counts.stretched == 0
    assert silent(frames) <= 2


def test_on_a_jittery_line_it_settles_deep_enough_and_stays_whole() -> None:
    buffer = JitterBuffer()
    all_packets = list(packets(1500))
    # Every tenth packet comes 60 ms late, the three behind it with it.
    due = [n // 10 * 10 + 3 if n % 10 < 4 else n for n in range(1500)]
    script: list[list[RtpPacket]] = [[] for _ in range(1500)]
    for packet, tick in zip(all_packets, due, strict=True):
        script[tick].append(packet)
    play(buffer, script[:500])
    before = buffer.counts.concealed
    play(buffer, script[500:])
    assert buffer.counts.lost == 0
    assert buffer.counts.concealed - before <= 5 * FRAME_SAMPLES
    assert buffer.depth_ms <= 120


def repaired(count: int, every: int, after: int) -> list[list[RtpPacket]]:
    """Every so many packets one is lost and comes again `after` ticks later."""
    script: list[list[RtpPacket]] = [[] for _ in range(count + after)]
    for n, packet in enumerate(packets(count)):
        script[n + after if n % every == every - 1 else n].append(packet)
    return script


def test_lost_packets_that_come_again_are_waited_for() -> None:
    buffer = JitterBuffer()
    script = repaired(2000, 20, 4)
    play(buffer, script[:200])
    before = buffer.counts.concealed
    play(buffer, script[200:2000])
    assert buffer.counts.concealed == before
    assert buffer.counts.late <= 5
    assert buffer.depth_ms <= 120


def test_lost_packets_that_never_come_again_are_not_waited_for() -> None:
    buffer = JitterBuffer()
    play(buffer, ([] if n % 20 == 19 else [p] for n, p in enumerate(packets(2000))))
    assert buffer.depth_ms <= 40
    assert buffer.counts.late == 0


def test_what_comes_again_too_late_for_any_depth_makes_no_delay() -> None:
    buffer = JitterBuffer()
    play(buffer, repaired(1500, 20, 15)[:1500])
    assert buffer.depth_ms <= 60
    assert buffer.counts.late > 50


def test_a_packet_that_comes_once_more_after_it_was_played_is_a_duplicate() -> None:
    buffer = JitterBuffer()
    all_packets = list(packets(100))
    play(buffer, ([p, all_packets[n - 10]] if n >= 10 else [p] for n, p in enumerate(all_packets)))
    assert (buffer.counts.late, buffer.counts.duplicate) == (0, 90)


def test_a_pause_of_the_sender_is_silence_and_no_delay() -> None:
    buffer = JitterBuffer()
    all_packets = list(packets(300))
    play(buffer, [[p] for p in all_packets[:100]])
    # DTX: sequence numbers go on, timestamps jump over what was not sent.
    resumed = [
        RtpPacket(111, False, (all_packets[100].sequence + n) & 0xFFFF, p.timestamp, 5, p.payload)
        for n, p in enumerate(all_packets[115:])
    ]
    play(buffer, [[] for _ in range(15)])
    frames = play(buffer, [[p] for p in resumed])
    assert buffer.counts.lost == 0
    assert buffer.depth_ms <= 90
    assert silent(frames[10:]) == 0


def test_a_stream_that_ends_and_comes_back_starts_afresh() -> None:
    buffer = JitterBuffer()
    play(buffer, [[p] for p in packets(50)])
    frames = play(buffer, [[] for _ in range(60)])
    assert silent(frames[30:]) == 30
    assert buffer.played is None
    assert silent(play(buffer, [[p] for p in packets(50, first=7)])) <= 4


def test_an_encoder_that_numbers_anew_is_followed() -> None:
    buffer = JitterBuffer()
    play(buffer, [[p] for p in packets(50, first=30000)])
    frames = play(buffer, [[p] for p in packets(300, first=100)])
    assert silent(frames[150:]) == 0


def test_rubbish_is_counted_and_survived() -> None:
    buffer = JitterBuffer()
    broken = [RtpPacket(111, False, p.sequence, p.timestamp, 5, b"") for p in packets(100)]
    script = [[p if n % 10 else broken[n]] for n, p in enumerate(packets(100))]
    play(buffer, script)
    assert buffer.counts.malformed == 10
    assert silent(play(buffer, [[p] for p in packets(60, first=65500 + 100)])[10:]) == 0


def test_nobody_listening_costs_nothing_and_joins_at_the_live_edge() -> None:
    buffer = JitterBuffer()
    for packet in packets(500):
        buffer.push(packet)
        buffer.skip()
    assert buffer.counts.received == 0
    assert silent(play(buffer, [[p] for p in packets(50, first=65500 + 500)])) <= 2
