"""What a person names to `tolmach publish`: files, devices and network inputs, as FFmpeg is told of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.stream import Disposition, Stream

Kind = Literal["audio", "video"]

NETWORK_TIMEOUT_S = 10.0
LISTEN_S = "1"

_DEVICES = ("v4l2", "alsa", "lavfi")
_NETWORK = ("rtmp", "rtmps", "rtsp", "rtsps", "http", "https", "srt", "udp", "rtp", "tcp")


class FeedError(Exception):
    """A source that cannot be opened or read any further; the message is for the person who named it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source as FFmpeg is told of it. `is_live` sources set their own pace; `listens` ones wait for a sender."""

    name: str
    url: str
    format: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    is_live: bool = False
    listens: bool = False


def parse_source(text: str) -> Source:
    """Return the source a person means: a file, `v4l2:/dev/video0`, `/dev/video0`, `alsa:default`, `lavfi:GRAPH`,
    or an address of RTMP, RTSP or HTTP. RTMP on all addresses (`rtmp://0.0.0.0:1935/live`) waits for a sender.
    """
    device, colon, rest = text.partition(":")
    if colon and device in _DEVICES and rest:
        return Source(text, rest, format=device, is_live=device != "lavfi")
    if text.startswith("/dev/video"):
        return Source(text, text, format="v4l2", is_live=True)
    scheme = device if colon and rest.startswith("//") else ""
    if scheme not in _NETWORK:
        return Source(text, text)
    if scheme == "rtmp" and urlsplit(text).hostname in ("0.0.0.0", "::"):
        # FFmpeg gives up listening after `timeout`; `open_source` listens again until it is told to stop.
        options = {"listen": "1", "timeout": LISTEN_S}
        return Source(text, text, options=options, is_live=True, listens=True)
    # Over TCP a camera's picture arrives whole; over UDP one lost packet smears it until the next keyframe.
    options = {"rtsp_transport": "tcp"} if scheme.startswith("rtsp") else {}
    is_live = not scheme.startswith("http")
    return Source(text, text, options=options, timeout_s=NETWORK_TIMEOUT_S, is_live=is_live)


def open_source(source: Source, quit: threading.Event) -> InputContainer:
    """Open a source, waiting for its sender where it listens. Blocks. Raises FeedError, also when told to quit."""
    while not quit.is_set():
        try:
            return av.open(source.url, format=source.format, options=source.options, timeout=source.timeout_s, mode="r")
        except TimeoutError as error:
            if not source.listens:
                raise FeedError(f"{source.name} does not answer") from error
        except (av.FFmpegError, OSError, ValueError) as error:
            raise FeedError(f"{source.name} cannot be opened: {reason(error)}") from error
    raise FeedError(f"{source.name} was given up")


def streams_of(container: InputContainer) -> dict[Kind, Stream]:
    """Return the first stream of sound and the first of pictures, as far as there are any."""
    streams: dict[Kind, Stream] = {}
    if container.streams.audio:
        streams["audio"] = container.streams.audio[0]
    # The cover of a piece of music is no picture of a hall.
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            streams.setdefault("video", stream)
    return streams


def reason(error: BaseException) -> str:
    """Return what FFmpeg or the system says went wrong, without the address, which may hold a password."""
    return str(getattr(error, "strerror", None) or error).lower()
