"""The holding slide: a title and a few lines on a quiet ground, drawn once and shown while no picture comes."""

import functools
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from media.stream import Slide

_GROUND: Final = (24, 34, 46)
_ACCENT: Final = (232, 178, 58)
_TITLE: Final = (255, 255, 255)
_TEXT: Final = (205, 214, 224)
_MOST_LINES: Final = 8
_MOST_CHARACTERS: Final = 200
_ROOT: Final = Path(__file__).resolve().parent.parent
# Latin and Cyrillic, the npm package's or the system's; without one of them Pillow's own, which has Latin alone.
_FONTS: Final = (
    _ROOT / "node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSans.ttf"),
    Path("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"),
)

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def draw_slide(slide: Slide, width: int, height: int) -> Any:
    """The slide as a video frame in yuv420p; both sides must be even. Text is made smaller until it fits, and of more
    than eight lines the first eight are shown.
    """
    image = Image.new("RGB", (width, height), _GROUND)
    draw = ImageDraw.Draw(image)
    margin = width // 12
    room = width - 2 * margin
    top = height // 4
    draw.rectangle((margin, top - height // 24, margin + width // 10, top - height // 30), fill=_ACCENT)
    lines = [(slide.title, height // 11, _TITLE)] if slide.title else []
    lines += [(line, height // 19, _TEXT) for line in slide.lines[:_MOST_LINES]]
    for text, size, colour in lines:
        text = _plain(text)
        font = _fitting_font(text, size, room)
        draw.text((margin, top), text, font=font, fill=colour)
        top += size * 3 // 2
    frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
    return frame.reformat(format="yuv420p")


def _plain(text: str) -> str:
    """One line of printable characters, which is all that a layout engine takes."""
    return " ".join("".join(one if one.isprintable() else " " for one in text[:_MOST_CHARACTERS]).split())


def _fitting_font(text: str, size: int, room: int) -> _Font:
    while size > 10 and _font(size).getlength(text) > room:
        size = size * 9 // 10
    return _font(size)


@functools.lru_cache(maxsize=32)
def _font(size: int) -> _Font:
    for path in _FONTS:
        try:
            return ImageFont.truetype(str(path), size)
        except OSError:
            continue
    return ImageFont.load_default(size)
