"""Parameter sets: the size FFmpeg sees too, the codec's name, and nothing that raises on strangers' bytes."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import avc, h264
from media.errors import WireError
from media.still import annex_b, open_encoder
from tests.media.film import film, grey


def sets_of(width: int, height: int, profile: str) -> dict[int, bytes]:
    encoder = open_encoder(width, height, Fraction(30), {"profile": profile, "preset": "veryfast"})
    frame = grey(40, 0, width, height)
    frame.pts, frame.time_base = 0, Fraction(1, 30)
    pictures = encoder.encode(frame) + encoder.encode(None)
    return {avc.kind_of(unit): unit for unit in h264.split_annex_b(bytes(pictures[0]))}


@pytest.mark.parametrize(("width", "height"), [(64, 48), (640, 360), (1280, 720), (1920, 1080), (322, 182)])
@pytest.mark.parametrize(("profile", "codec"), [("baseline", "avc1.42C0"), ("main", "avc1.4D"), ("high", "avc1.64")])
def test_size_and_codec_are_read(width: int, height: int, profile: str, codec: str) -> None:
    read = avc.parse_sps(sets_of(width, height, profile)[avc.SPS])
    assert (read.width, read.height) == (width, height)
    assert read.codec.startswith(codec)


@given(st.binary(max_size=60))
def test_no_bytes_do_harm(body: bytes) -> None:
    for sps in (body, b"\x67\x64\x00\x1f" + body, b"\x67\x42\xc0\x1f" + body):
        try:
            read = avc.parse_sps(sps)
        except WireError:
            continue
        assert 0 < read.width <= 16384
        assert 0 < read.height <= 16384


@given(st.lists(st.binary(min_size=1, max_size=50).filter(lambda unit: avc.kind_of(unit) not in (9, 10, 11, 12))))
def test_lengths_there_and_back(units: list[bytes]) -> None:
    assert avc.split_lengths(avc.format_lengths(units)) == units


def test_what_a_file_has_no_use_for_is_left_out() -> None:
    assert avc.split_lengths(avc.format_lengths([b"\x09\x10", b"\x65key", b"\x0c\xff"])) == [b"\x65key"]


def test_lengths_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(WireError):
        avc.split_lengths(b"\x00\x00\x00\x09\x65")


def test_start_codes_there_and_back() -> None:
    units = list(h264.split_annex_b(film(1)[0]))
    assert list(h264.split_annex_b(annex_b(avc.format_lengths(units)))) == units
