"""Sound and film files for tests, made by FFmpeg's own encoders: tones of a loudness, flashes at full seconds."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from media.opus import Pcm
from media.reel import ReelFile
from media.reel_making import make_reel
from media.reel_reading import survey

BLACK, WHITE = 16, 235


@dataclass(frozen=True, slots=True)
class Clip:
    """What a file is to hold; `sound` and `picture` may be left out."""

    seconds: float = 4.0
    hertz: float = 440.0
    level: float = 0.1
    rate_hz: int = 48000
    fps: int = 25
    size: tuple[int, int] = (160, 120)
    has_sound: bool = True
    has_picture: bool = True
    picture_codec: str = "libx264"
    sound_codec: str = "aac"
    rotation: int = 0
    beats: bool = False
    """The tone sounds for a tenth of a second at every full second alone, with the flash."""

    def write(self, path: Path) -> Path:
        """Make the file, whose name says its form."""
        with av.open(str(path), "w") as output:
            picture, sound = self._picture(output), self._sound(output)
            for frame in self._frames() if picture is not None else ():
                output.mux(picture.encode(frame))
            if picture is not None:
                output.mux(picture.encode(None))
            for frame in self._pieces(sound) if sound is not None else ():
                output.mux(sound.encode(frame))
            if sound is not None:
                output.mux(sound.encode(None))
        return path

    def _picture(self, output: Any) -> Any:
        if not self.has_picture:
            return None
        stream = output.add_stream(self.picture_codec, rate=self.fps)
        stream.width, stream.height = self.size
        stream.pix_fmt = "yuv420p"
        if self.rotation:
            stream.set_display_rotation(self.rotation)
        return stream

    def _sound(self, output: Any) -> Any:
        return output.add_stream(self.sound_codec, rate=self.rate_hz, layout="stereo") if self.has_sound else None

    def _frames(self) -> Any:
        width, height = self.size
        for number in range(round(self.seconds * self.fps)):
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = BLACK if number % self.fps else WHITE
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, self.fps)
            yield frame

    def _pieces(self, stream: Any) -> Any:
        at = np.arange(round(self.seconds * self.rate_hz)) / self.rate_hz
        wave = (self.level * np.sin(2 * np.pi * self.hertz * at)).astype(np.float32)
        if self.beats:
            wave[at % 1 > 0.1] = 0
        for begin in range(0, len(wave), 1024):
            piece = np.stack([wave[begin : begin + 1024]] * 2)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = self.rate_hz, begin, Fraction(1, self.rate_hz)
            yield frame


def reel_of(clip: Clip, folder: Path, name: str = "clip.mkv") -> ReelFile:
    """The clip made ready to be played out."""
    file = clip.write(folder / name)
    found, target = survey(file), folder / f"{name}.reel.mp4"
    make_reel(file, found, "Grußwort", target, lambda percent: None)
    return ReelFile(target, found.seconds)


def power_at(pcm: Pcm, hertz: float) -> float:
    """The amplitude of one tone."""
    at = np.arange(len(pcm)) / 48000
    return float(2 * abs(np.mean(pcm * np.exp(-2j * np.pi * hertz * at))))
