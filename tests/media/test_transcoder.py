"""Copies of pictures: each with its label, keyframes where they are wanted, and less instead of later."""

import pytest

from media.transcoder import Copied, Transcoder, Wanted
from tests.media.film import film


def copy_all(codec: str, wanted: list[Wanted], height: int | None = None) -> tuple[list[Copied], Transcoder]:
    transcoder = Transcoder(codec, height)
    made = []
    for one in wanted:
        transcoder.put(one)
        while transcoder.waiting:
            made += transcoder.take()
    transcoder.close()
    return made + transcoder.take(), transcoder


def wanted(count: int, must: frozenset[int] = frozenset()) -> list[Wanted]:
    pictures = film(count)
    return [Wanted(picture, number, number == 0, number in must) for number, picture in enumerate(pictures)]


def test_each_copy_has_its_label_and_the_keyframes_asked_for() -> None:
    made, transcoder = copy_all("h264", wanted(40, frozenset({13, 25})))
    assert [one.label for one in made] == list(range(40))
    assert [one.label for one in made if one.is_key] == [0, 13, 25]
    assert transcoder.error == ""


def test_nothing_is_taken_before_a_keyframe() -> None:
    made, transcoder = copy_all("h264", wanted(10)[1:])
    assert made == []
    assert transcoder.dropped == 9


def test_pictures_that_come_too_fast_are_left_out_and_counted() -> None:
    transcoder = Transcoder("h264", 360)
    for one in wanted(240):
        transcoder.put(one)
    transcoder.close()
    made = transcoder.take()
    assert 0 < len(made) < 240
    assert transcoder.dropped == 240 - len(made)


@pytest.mark.parametrize("nonsense", [b"", b"\x00\x00\x01\x65nonsense", b"\xff" * 500])
def test_nonsense_makes_no_copy_and_no_end(nonsense: bytes) -> None:
    pictures = [Wanted(nonsense or b"x", -1, True), *wanted(5)]
    made, transcoder = copy_all("h264", pictures)
    assert [one.label for one in made] == list(range(5))
    assert transcoder.error == ""
