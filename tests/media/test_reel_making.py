"""Reels are made of all sorts of files: equally loud, of one form, upright, in step, and of what is broken none."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from media.opus import Pcm
from media.reel import LOUDNESS_LUFS, MOST_PEAK_DBTP, NotPlayable
from media.reel_loudness import find_treatment, measure, treated
from media.reel_making import make_reel
from media.reel_reading import Survey, read_pictures, read_sound, survey
from tests.media.clips import BLACK, WHITE, Clip, power_at
from tests.media.speech import spoken

NOISE = np.random.default_rng(1).standard_normal(48000 * 12).astype(np.float32)
SYLLABLES = (np.sin(2 * np.pi * 0.7 * np.arange(len(NOISE)) / 48000) > 0).astype(np.float32)


def made(file: Path) -> tuple[Path, Survey, bool, list[int]]:
    """A reel of the file, what it holds, whether it is heard, and the percents that were told."""
    target, percents = file.with_suffix(".reel.mp4"), list[int]()
    is_heard = make_reel(file, survey(file), "Grußwort", target, percents.append)
    return target, survey(target), is_heard, percents


def blocks(pcm: Pcm) -> Any:
    return lambda: (pcm[at : at + 4800] for at in range(0, len(pcm), 4800))


def test_the_meter_agrees_with_ebu_tech_3341() -> None:
    """A tone of 1000 Hz at −23 dBFS in both ears is −23 LUFS; in one alone, as here, it is 3 dB less."""
    tone = (10 ** (-20 / 20) * np.sin(2 * np.pi * 997 * np.arange(48000 * 10) / 48000)).astype(np.float32)
    assert measure(blocks(tone)()).integrated_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "pcm"),
    [
        ("whispered", NOISE * SYLLABLES * np.float32(0.0005)),
        ("usual", NOISE * SYLLABLES * np.float32(0.05)),
        ("clipping", np.clip(NOISE * SYLLABLES * 4, -1, 1)),
        ("clicks", np.where(np.arange(len(NOISE)) % 48000 == 7, 1.0, 0).astype(np.float32) + NOISE * 0.0003),
    ],
)
def test_every_sound_lands_at_its_loudness_without_clipping(name: str, pcm: Pcm) -> None:
    treatment = find_treatment(measure(blocks(pcm)()), blocks(pcm))
    found = measure(treated(blocks(pcm)(), treatment))
    print(f"reel_{name}: {found.integrated_lufs:.2f} LUFS, {found.peak_dbtp:.2f} dBTP, {treatment}")
    assert found.integrated_lufs == pytest.approx(LOUDNESS_LUFS, abs=0.5)
    assert found.peak_dbtp <= MOST_PEAK_DBTP + 0.05
    assert sum(len(piece) for piece in treated(blocks(pcm)(), treatment)) == len(pcm)


def test_speech_lands_too_and_stays_in_its_place() -> None:
    pcm = spoken("uk", peak=0.02)
    treatment = find_treatment(measure(blocks(pcm)()), blocks(pcm))
    assert treatment.ceiling_dbfs is None, "speech bears the gain"
    limited = np.concatenate(list(treated(blocks(pcm)(), type(treatment)(20.0, -6.0))))
    shift = np.argmax(np.correlate(limited[48000:96000], pcm[48000 : 96000 - 480], "valid"))
    assert shift <= 24, "the limiter delays nothing"


def test_silence_stays_silence() -> None:
    silence = np.zeros(48000 * 2, np.float32)
    loudness = measure(blocks(silence)())
    assert loudness.is_silent
    assert find_treatment(loudness, blocks(silence)).gain_db == 0.0


@pytest.mark.parametrize("level", [0.002, 0.1, 0.99])
def test_a_film_becomes_one_form(tmp_path: Path, level: float) -> None:
    clip = Clip(seconds=4.0, level=level, rate_hz=44100, fps=50, size=(1920, 1080), hertz=997)
    target, found, is_heard, percents = made(clip.write(tmp_path / "film.mkv"))
    assert is_heard
    assert measure(read_sound(target, found)).integrated_lufs == pytest.approx(LOUDNESS_LUFS, abs=1.0)
    assert percents == sorted(set(percents))
    assert percents[-1] >= 95
    with av.open(str(target)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        context = picture.codec_context
        assert (context.width, context.height, context.profile) == (1280, 720, "Constrained Baseline")
        assert not context.has_b_frames
        assert float(picture.average_rate or 0) == pytest.approx(25.0)
        assert (sound.codec_context.name, sound.codec_context.sample_rate, sound.codec_context.channels) == (
            "flac",
            48000,
            1,
        )
        keys = [float(p.pts * p.time_base) for p in container.demux(picture) if p.pts is not None and p.is_keyframe]
    assert keys == pytest.approx([0.0, 0.52, 1.0, 1.52, 2.0, 2.52, 3.0, 3.52])


def test_pictures_are_upright_and_flash_in_their_time(tmp_path: Path) -> None:
    target, found, _, _ = made(Clip(rotation=90, beats=True, level=0.3).write(tmp_path / "phone.mov"))
    frames = list(read_pictures(target, found))
    assert {(frame.width, frame.height) for frame in frames} == {(120, 160)}
    bright = [number / found.rate for number, frame in enumerate(frames) if grey(frame) > (BLACK + WHITE) / 2]
    assert bright == pytest.approx([0.0, 1.0, 2.0, 3.0], abs=0.041)
    pcm = np.concatenate(list(read_sound(target, found)))
    loud = [at / 100 for at in range(len(pcm) // 480) if power_at(pcm[at * 480 : at * 480 + 480], 440) > 0.05]
    onsets = [at for at in loud if at - 0.01 not in [pytest.approx(one) for one in loud]]
    assert onsets == pytest.approx([0.0, 1.0, 2.0, 3.0], abs=0.04)


def grey(frame: Any) -> float:
    return float(frame.to_ndarray(format="gray").mean())


def test_sound_alone_gets_a_slide_and_a_picture_alone_is_silent(tmp_path: Path) -> None:
    target, found, is_heard, _ = made(
        Clip(seconds=2.0, has_picture=False, sound_codec="libmp3lame").write(tmp_path / "s.mp3")
    )
    assert is_heard
    assert (found.has_picture, found.has_sound) == (True, True)
    assert grey(next(iter(read_pictures(target, found)))) > BLACK, "its name stands there"
    target, found, is_heard, _ = made(
        Clip(seconds=2.0, has_sound=False, picture_codec="libvpx").write(tmp_path / "p.webm")
    )
    assert not is_heard
    assert found.seconds == pytest.approx(2.0, abs=0.05)
    assert not np.concatenate(list(read_sound(target, found))).any()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_film_that_was_cut_off_is_none(tmp_path: Path, share: float) -> None:
    whole = Clip(seconds=30.0).write(tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "part").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(NotPlayable) as refused:
        survey(tmp_path / "part")
    assert refused.value.code == "reel_broken"


def test_what_is_damaged_in_its_middle_is_played_or_refused(tmp_path: Path) -> None:
    whole = bytearray(Clip(seconds=4.0).write(tmp_path / "whole.mp4").read_bytes())
    for at in range(2000, len(whole) // 2, 97):
        whole[at] ^= 0x55
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(whole)
    with suppress(NotPlayable):
        assert made(damaged)[1].seconds > 1


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    Clip().write(tmp_path / "secret.ts")
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:4,\n{tmp_path}/secret.ts\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {tmp_path}/secret.ts\n",
    ):
        (tmp_path / "list").write_text(text)
        with pytest.raises(NotPlayable) as refused:
            survey(tmp_path / "list")
        assert refused.value.code == "reel_not_media"
