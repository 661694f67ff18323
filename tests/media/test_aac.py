"""AAC: what is decoded stands where it was put in, to the sample."""

import numpy as np
import pytest

from media import aac, cmaf
from media.aac import AacEncoder
from media.errors import MediaError
from media.opus import Pcm
from media.stream import InitMade, PartMade, StreamEvent
from tests.media.film import hear


def encoded(sound: Pcm) -> list[bytes]:
    encoder = AacEncoder()
    frames = [frame for at in range(0, len(sound) - 1023, 1024) for frame in encoder.encode(sound[at : at + 1024])]
    return frames + encoder.finish()


def decoded(frames: list[bytes]) -> Pcm:
    init = cmaf.format_sound_init(48000, AacEncoder().parameters, aac.BITS_PER_S)
    part = cmaf.format_part(0, 0, [cmaf.Timed(frame, 1024) for frame in frames])
    events: list[StreamEvent] = [
        InitMade("s", "de", 0, init, aac.CODEC, 0),
        PartMade("s", "de", 0, 0, 0, part, 0.0, True, True, 0.0),
    ]
    began, sound = hear(events, "de")
    assert began == 0
    return sound


@pytest.mark.parametrize("at", [5000, 30000, 61439])
def test_a_click_keeps_its_place(at: int) -> None:
    sound = np.zeros(65536, np.float32)
    sound[at] = 0.9
    assert abs(int(np.argmax(np.abs(decoded(encoded(sound))))) - at) <= 2


def test_a_tone_keeps_its_strength_and_phase() -> None:
    at = np.arange(65536) / 48000
    tone = (0.4 * np.sin(2 * np.pi * 997 * at)).astype(np.float32)
    heard = decoded(encoded(tone))
    middle = slice(8192, 57344)
    assert np.abs(heard[middle] - tone[middle]).max() < 0.04


def test_every_block_has_a_frame() -> None:
    assert len(encoded(np.zeros(1024 * 20, np.float32))) >= 20


def test_other_sizes_are_refused() -> None:
    with pytest.raises(MediaError):
        AacEncoder().encode(np.zeros(960, np.float32))
