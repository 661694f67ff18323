"""Short recordings made on the fly: a moving picture and a pure tone."""

from __future__ import annotations

from pathlib import Path

import av


def write_clip(
    file: Path, seconds: float = 1.0, *, hz: float = 1000.0, size: str = "320x240", rate: int = 25, sound: bool = True
) -> Path:
    """Write a clip of H.264 and Opus and return its path. The picture comes in a burst before its sound."""
    picture = f"testsrc=size={size}:rate={rate}:duration={seconds}[out0]"
    tone = f";sine=frequency={hz}:sample_rate=48000:duration={seconds}[out1]" if sound else ""
    with av.open(picture + tone, format="lavfi") as source, av.open(file, "w") as clip:
        video = clip.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        video.width, video.height = (int(side) for side in size.split("x"))
        video.pix_fmt = "yuv420p"
        audio = clip.add_stream("libopus", rate=48000) if sound else None
        for frame in source.decode():
            if isinstance(frame, av.VideoFrame):
                frame.pict_type = av.video.frame.PictureType.NONE
                clip.mux(video.encode(frame.reformat(format="yuv420p")))
            elif audio is not None and isinstance(frame, av.AudioFrame):
                clip.mux(audio.encode(frame))
        clip.mux(video.encode(None))
        if audio is not None:
            clip.mux(audio.encode(None))
    return file
