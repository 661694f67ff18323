"""Playlists read line by line, and by somebody else's parser."""

from __future__ import annotations

import m3u8
import pytest

from media.playlists import (
    Opening,
    Pace,
    Part,
    Picture,
    Report,
    Segment,
    Sound,
    format_ended,
    format_head,
    format_master,
    format_segment,
    format_skip,
    format_tail,
)

PACE = Pace(20 * 1024 / 48000, 5)
VIDEO = Picture("video", "avc1.42c01f", 2_000_000, 1_500_000, 1280, 720, 30.0)
SMALL = Picture("small", "avc1.42c015", 300_000, 250_000, 426, 240, 15.0)
ORIGINAL = Sound("floor", "Original", "mul", "mp4a.40.2", 130_000, 100_000)
GERMAN = Sound("de", "Deutsch", "de", "mp4a.40.2", 140_000, 90_000)
UKRAINIAN = Sound("uk", "Українська", "uk", "mp4a.40.2", 120_000, 80_000)
PARTS = (Part(0.42666666, True), Part(0.4, False))


def test_the_master_names_each_language_once_and_the_original_by_default() -> None:
    read = m3u8.loads(format_master([VIDEO], [ORIGINAL, GERMAN, UKRAINIAN]))
    assert [(one.name, one.language, one.default, one.uri) for one in read.media] == [
        ("Original", "mul", "YES", "floor.m3u8"),
        ("Deutsch", "de", "NO", "de.m3u8"),
        ("Українська", "uk", "NO", "uk.m3u8"),
    ]
    assert {(one.type, one.group_id, one.autoselect) for one in read.media} == {("AUDIO", "sound", "YES")}


def test_the_master_says_the_largest_combination_and_every_codec() -> None:
    [video, small] = m3u8.loads(format_master([VIDEO, SMALL], [ORIGINAL, GERMAN])).playlists
    told = video.stream_info
    assert (told.bandwidth, told.average_bandwidth) == (2_140_000, 1_600_000)
    assert (told.codecs, told.resolution, told.frame_rate) == ("avc1.42c01f,mp4a.40.2", (1280, 720), 30.0)
    assert (told.audio, video.uri) == ("sound", "video.m3u8")
    assert (small.stream_info.bandwidth, small.uri) == (440_000, "small.m3u8")


def test_sound_alone_is_one_variant_with_all_languages() -> None:
    read = m3u8.loads(format_master([], [ORIGINAL, GERMAN]))
    [variant] = read.playlists
    assert (variant.uri, variant.stream_info.codecs, variant.stream_info.audio) == ("floor.m3u8", "mp4a.40.2", "sound")
    assert variant.stream_info.bandwidth == 140_000
    assert [one.uri for one in read.media] == ["floor.m3u8", "de.m3u8"]


def test_a_name_cannot_break_out_of_its_quotes() -> None:
    odd = Sound("x", 'a"\n#EXT-X-ENDLIST', "x", "mp4a.40.2", 1, 1)
    text = format_master([], [odd])
    assert "\n#EXT-X-ENDLIST" not in text
    assert 'NAME="a\' #EXT-X-ENDLIST"' in text


def test_the_head_keeps_the_rules_of_low_latency() -> None:
    read = m3u8.loads(format_head(PACE, 7, 2))
    control = read.server_control
    assert (read.version, read.target_duration, read.media_sequence, read.discontinuity_sequence) == (9, 5, 7, 2)
    assert control.can_block_reload == "YES"
    assert control.part_hold_back >= 3 * read.part_inf.part_target >= 3 * PACE.part_target_s
    assert control.hold_back >= 15
    assert control.can_skip_until >= 30


def test_no_part_is_longer_than_the_part_target() -> None:
    # Both are rounded to 10 µs: the target never below a part of its length.
    head, line = (
        format_head(PACE, 0, 0),
        format_segment("de", Opening(0, 0.0, 0, PARTS), with_map=False, with_parts=True),
    )
    target = float(head.partition("PART-TARGET=")[2].split("\n")[0])
    assert float(line.partition("DURATION=")[2].split(",")[0]) <= target


def test_a_segment_has_its_date_its_parts_and_then_its_address() -> None:
    segment = Segment(12, 1_795_000_000.5, 4.26667, 0, PARTS)
    assert format_segment("de", segment, with_map=True, with_parts=True) == (
        '#EXT-X-MAP:URI="de/init-0.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:40.500Z\n"
        '#EXT-X-PART:DURATION=0.42667,URI="de/12.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.40000,URI="de/12.1.m4s"\n'
        "#EXTINF:4.26667,\n"
        "de/12.m4s\n"
    )


@pytest.mark.parametrize(
    ("segment", "line"),
    [
        (Segment(1, 0.0, 4.0, 0, is_gap=True), "#EXT-X-GAP\n#EXTINF:4.00000,\nde/1.m4s\n"),
        (Segment(1, 0.0, 4.0, 0, new_timelines=1), "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:1970-"),
    ],
)
def test_what_is_missing_or_new_is_said_before_the_segment(segment: Segment, line: str) -> None:
    assert line in format_segment("de", segment, with_map=False, with_parts=False)


def test_the_open_segment_has_parts_and_no_address() -> None:
    text = format_segment("de", Opening(3, 0.0, 0, PARTS), with_map=False, with_parts=True)
    assert "#EXTINF" not in text
    assert text.count("#EXT-X-PART:") == 2


def test_the_tail_hints_at_one_part_and_reports_on_the_others() -> None:
    assert format_tail("de", (13, 0), [Report("uk", 12, 9)]) == (
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="de/13.0.m4s"\n'
        '#EXT-X-RENDITION-REPORT:URI="uk.m3u8",LAST-MSN=12,LAST-PART=9\n'
    )
    assert format_skip(5) == "#EXT-X-SKIP:SKIPPED-SEGMENTS=5\n"


def test_a_recording_is_whole_and_ends() -> None:
    segments = [Segment(0, 0.0, 4.0, 0, PARTS), Segment(1, 4.0, 4.0, 1), Segment(2, 8.0, 2.5, 1)]
    text = format_ended("de", segments, 5)
    read = m3u8.loads(text)
    assert read.is_endlist
    assert read.playlist_type == "vod"
    assert [one.uri for one in read.segments] == ["de/0.m4s", "de/1.m4s", "de/2.m4s"]
    assert [one.uri for one in read.segment_map] == ["de/init-0.mp4", "de/init-1.mp4"]
    assert "EXT-X-PART" not in text
    assert "SERVER-CONTROL" not in text
