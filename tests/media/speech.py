"""Speech for tests, made by espeak-ng in three languages, and what lines do to it."""

import shutil
import subprocess
import wave
from functools import cache
from io import BytesIO
from typing import Final

import numpy as np
import pytest

from media.opus import FRAME_SAMPLES, Decoder, Encoder, Pcm

SENTENCES: Final = {
    "de": "Sehr geehrte Damen und Herren, ich begrüße Sie zu unserer Sitzung. Wir sprechen heute über die "
    "Zusammenarbeit der Städte, über Schulen und Straßen.",
    "uk": "Шановні пані та панове, вітаю вас на нашому засіданні. Сьогодні ми говоримо про співпрацю міст, про школи "
    "та вулиці.",
    "en": "Ladies and gentlemen, welcome to our session. Today we speak about the cooperation of our cities, about "
    "schools and about streets.",
}


@cache
def spoken(language: str, peak: float = 0.4) -> Pcm:
    """A few sentences at 48 kHz; espeak-ng's own 22.05 kHz leave nothing above 11 kHz. Skips where it is missing."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    made = subprocess.run(
        ["espeak-ng", "-v", language, "--stdout", SENTENCES[language]], capture_output=True, check=True, timeout=30
    ).stdout
    with wave.open(BytesIO(made)) as file:
        rate = file.getframerate()
    samples = np.frombuffer(made[44:], dtype="<i2").astype(np.float64)
    length = int(len(samples) * 48000 / rate)
    spectrum = np.fft.rfft(samples)
    wide = np.zeros(length // 2 + 1, np.complex128)
    wide[: len(spectrum)] = spectrum[: len(wide)]
    speech = np.fft.irfft(wide, length)
    loud: Pcm = (peak * speech / np.abs(speech).max()).astype(np.float32)
    return loud


def below(pcm: Pcm, hertz: float) -> Pcm:
    """Only what lies below, as a line would let it through."""
    spectrum = np.fft.rfft(pcm)
    spectrum[np.fft.rfftfreq(len(pcm), 1 / 48000) > hertz] = 0
    kept: Pcm = np.fft.irfft(spectrum, len(pcm)).astype(np.float32)
    return kept


def silence(seconds: float) -> Pcm:
    """Nothing, for so long."""
    return np.zeros(int(seconds * 48000), np.float32)


def through_opus(pcm: Pcm, bits_per_s: int = 64000) -> Pcm:
    """What a listener gets of it."""
    encoder, decoder = Encoder(bits_per_s), Decoder()
    whole = pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].astype(np.float32)
    frames = [decoder.decode(encoder.encode(np.ascontiguousarray(frame))) for frame in whole.reshape(-1, FRAME_SAMPLES)]
    return np.concatenate(frames)
