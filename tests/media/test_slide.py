"""The slide and other stills: readable, bounded, and H.264 that may be repeated for ever."""

import av
import numpy as np
import pytest

from media import avc, h264
from media.slide import draw_slide
from media.still import Still, annex_b, decode_last, encode_still
from media.stream import Slide
from tests.media.film import brightness, film, grey


def ink(slide: Slide) -> float:
    """Which part of the picture is bright."""
    luma = draw_slide(slide, 640, 360).to_ndarray(format="gray")
    return float((luma > 120).mean())


def test_more_words_are_more_ink() -> None:
    assert ink(Slide()) < ink(Slide("Plenum")) < ink(Slide("Plenum", ("Als Nächstes: Begrüßung",)))


def test_cyrillic_is_drawn_and_not_boxes() -> None:
    drawn = [draw_slide(Slide(word), 640, 360).to_ndarray(format="gray") for word in ("ЩЩЩ", "ЖЖЖ", "ЇЇЇ")]
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[1], drawn[2])


@pytest.mark.parametrize("words", ["x" * 5000, "Donaudampfschifffahrtsgesellschaft " * 9, "\n\x00\u202e💥"])
def test_no_words_break_the_slide(words: str) -> None:
    frame = draw_slide(Slide(words, (words,) * 40), 640, 360)
    assert (frame.width, frame.height, frame.format.name) == (640, 360, "yuv420p")


def play(still: Still, order: list[int]) -> list[float]:
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for at in order for frame in decoder.decode(av.Packet(annex_b(still.pictures[at])))]
    frames += decoder.decode(None)
    return [brightness(frame) for frame in frames]


def test_a_still_can_be_broken_off_and_begun_again_anywhere() -> None:
    still = encode_still(grey(180, 0))
    rounds = [*range(len(still.pictures)), *range(5), *range(len(still.pictures)), 0, 0]
    shown = play(still, rounds)
    assert len(shown) == len(rounds)
    assert max(shown) - min(shown) < 2


def test_what_does_not_change_costs_next_to_nothing() -> None:
    still = encode_still(draw_slide(Slide("Plenum", ("Далі: обговорення",)), 1280, 720))
    assert [avc.kind_of(unit) for unit in avc.split_lengths(still.pictures[0])] == [avc.SPS, avc.PPS, avc.IDR]
    assert sum(map(len, still.pictures[1:])) < 200 * len(still.pictures)


def test_the_last_picture_of_a_row_is_found() -> None:
    pictures = [avc.format_lengths(u) for u in map(units, film(30, flashes=frozenset({29})))]
    assert brightness(decode_last(pictures)) > 150
    assert brightness(decode_last(pictures[:-1])) < 60


def units(picture: bytes) -> list[bytes]:
    return list(h264.split_annex_b(picture))


def test_a_row_of_nonsense_has_no_last_picture() -> None:
    assert decode_last([b"\x00\x00\x00\x02\x65\x00", b"\x00"]) is None
