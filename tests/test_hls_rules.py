"""The checker of HLS rules finds what is wrong: each rule broken once."""

from __future__ import annotations

import pytest

from tests.hls_rules import Rules, attributes, read

HEAD = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.00000,HOLD-BACK=12.0,CAN-SKIP-UNTIL=24.0
#EXT-X-PART-INF:PART-TARGET=1.00000
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="de/init-0.mp4"
"""
FIRST = """#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:00:00.000Z
#EXTINF:4.00000,
de/7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:00:04.000Z
#EXTINF:4.00000,
de/8.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:00:08.000Z
#EXTINF:4.00000,
de/9.m4s
"""
LAST = """#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:00:12.000Z
#EXT-X-PART:DURATION=1.00000,URI="de/10.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.90000,URI="de/10.1.m4s"
"""
TAIL = """#EXT-X-PRELOAD-HINT:TYPE=PART,URI="de/10.2.m4s"
#EXT-X-RENDITION-REPORT:URI="uk.m3u8",LAST-MSN=10,LAST-PART=1
"""
GOOD = HEAD + FIRST + LAST + TAIL


def complaints(*texts: str) -> list[str]:
    rules = Rules(("de", "uk"))
    for text in texts:
        rules.playlist("de", text)
    return rules.complaints


def test_a_good_playlist_is_good_and_stays_so() -> None:
    assert complaints(GOOD, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("PART-HOLD-BACK=3.00000", "PART-HOLD-BACK=2.90000", "PART-HOLD-BACK is below"),
        ("HOLD-BACK=12.0", "HOLD-BACK=11.0", "HOLD-BACK is below"),
        ("CAN-SKIP-UNTIL=24.0", "CAN-SKIP-UNTIL=20.0", "CAN-SKIP-UNTIL is below"),
        ("CAN-BLOCK-RELOAD=YES,", "", "cannot be waited for"),
        ("VERSION:9", "VERSION:6", "version"),
        ("EXTINF:4.00000,\nde/8", "EXTINF:4.60000,\nde/8", "segment 8 lasts"),
        ("DURATION=1.00000", "DURATION=1.00001", "part de/10.0.m4s lasts 1.00001"),
        ("DURATION=1.00000", "DURATION=0.80000", "lasts only"),
        ("de/10.1.m4s", "de/10.2.m4s", "is called"),
        ('"de/10.2.m4s"\n', '"de/10.3.m4s"\n', "the hint is"),
        (TAIL, TAIL + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="de/10.3.m4s"\n', "it hints at"),
        ("08:00:08.000Z", "08:00:08.200Z", "beside the end"),
        ('#EXT-X-MAP:URI="de/init-0.mp4"\n', "", "no initialisation"),
        ("#EXT-X-PROGRAM-DATE-TIME:2026-11-22T08:00:12.000Z\n", "", "no date"),
        ("uk.m3u8", "en.m3u8", "it reports on"),
        (TAIL, TAIL + "#EXT-X-ENDLIST\n", "no live playlist"),
    ],
)
def test_what_a_playlist_must_keep(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    assert any(complaint in one for one in complaints(GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("MEDIA-SEQUENCE:7", "MEDIA-SEQUENCE:6", "MEDIA-SEQUENCE went back"),
        ('#EXT-X-PART:DURATION=0.90000,URI="de/10.1.m4s"\n', "", "it went back"),
        ("EXTINF:4.00000,\nde/8", "EXTINF:4.00100,\nde/8", "segment 8 changed"),
        ("TARGETDURATION:4", "TARGETDURATION:5", "the target duration changed"),
    ],
)
def test_what_must_not_change(old: str, new: str, complaint: str) -> None:
    assert any(complaint in one for one in complaints(GOOD, GOOD.replace(old, new, 1)))


def test_renditions_keep_together() -> None:
    other = GOOD.replace("uk.m3u8", "de.m3u8").replace("de/", "uk/")
    for old, new, complaint in (
        ("08:00:0", "08:00:1", "beside"),
        ("SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:0", "SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:1", "discontinuity"),
        ("HOLD-BACK=12.0", "HOLD-BACK=13.0", "other renditions say"),
    ):
        rules = Rules(("de", "uk"))
        rules.playlist("de", GOOD)
        rules.playlist("uk", other)
        assert rules.complaints == []
        rules.playlist("uk", other.replace(old, new))
        assert any(complaint in one for one in rules.complaints), complaint


def test_a_delta_must_go_on_where_it_skipped() -> None:
    rules = Rules(("de",))
    rules.delta("de", GOOD, GOOD.replace(HEAD, HEAD + "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n", 1))
    assert any("does not go on" in one for one in rules.complaints)
    assert any("skips what is within" in one for one in rules.complaints)


def test_a_segment_must_be_its_parts() -> None:
    rules = Rules(("de",))
    rules.segment("de", 7, b"abc", [b"a", b"bc"])
    assert rules.complaints == []
    rules.segment("de", 7, b"abc", [b"bc", b"a"])
    assert rules.complaints == ["de 7: it is not its parts one after another"]


@pytest.mark.parametrize("text", ["A=1,,B=2", 'A="1', "A", "a=1", "A=1 ,B=2"])
def test_what_is_no_attribute_list(text: str) -> None:
    with pytest.raises(ValueError, match="no attribute list"):
        attributes(text)


def test_lines_nobody_knows_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        read(GOOD.replace(TAIL, "#EXT-X-NONSENSE\n" + TAIL))
