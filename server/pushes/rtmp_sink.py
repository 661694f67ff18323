"""A push by RTMP or RTMPS: one blocking socket with deadlines around the protocol of `media.rtmp`."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from typing import Final

from media import flv
from media.errors import WireError
from media.rtmp import RtmpPublisher, RtmpRefused, Step
from media.stream import VIDEO, Sample
from server.pushes.sink import SinkError
from server.pushes.target import Target

CONNECT_S: Final = 10.0
# What a platform that is alive takes in this time is more than a stream makes.
SEND_S: Final = 10.0
_READ_BYTES: Final = 16 * 1024


class RtmpSink:
    """A stream that the other side has accepted; its time begins with the first keyframe, or the first sound."""

    def __init__(self, link: socket.socket, publisher: RtmpPublisher, *, has_picture: bool) -> None:
        self._link = link
        self._publisher = publisher
        self._has_picture = has_picture
        self._began_s: float | None = None
        self._told: dict[str, bytes] = {}

    @classmethod
    def open(cls, target: Target, *, has_picture: bool) -> RtmpSink:
        """Connect and be accepted. Blocks for at most `CONNECT_S` twice. Raises SinkError."""
        with _trouble():
            link = _connected(target)
        port = f":{target.port}" if ":" in target.url.split("/")[2] else ""
        scheme = target.url.partition(":")[0]
        publisher = RtmpPublisher(target.app, target.key, f"{scheme}://{target.host}{port}/{target.app}")
        sink = cls(link, publisher, has_picture=has_picture)
        try:
            with _trouble():
                sink._be_accepted()
                link.sendall(publisher.describe(flv.description(has_picture=has_picture)))
        except SinkError:
            link.close()
            raise
        return sink

    def send(self, sample: Sample) -> int:
        """See `Sink.send`."""
        if self._began_s is None:
            if self._has_picture and not (sample.track == VIDEO and sample.is_independent):
                return 0
            self._began_s = sample.starts_s
        at_ms = round((sample.starts_s - self._began_s) * 1000)
        if at_ms < 0:
            return 0
        wire = self._wire(sample, at_ms)
        with _trouble():
            self._listen()
            self._link.settimeout(SEND_S)
            self._link.sendall(wire)
        return len(wire)

    def close(self) -> None:
        """See `Sink.close`."""
        with contextlib.suppress(OSError, ValueError):
            self._link.settimeout(1.0)
            self._link.sendall(self._publisher.end())
        self._link.close()

    def _wire(self, sample: Sample, at_ms: int) -> bytes:
        is_new = self._told.get(sample.track) != sample.parameters
        self._told[sample.track] = sample.parameters
        if sample.track == VIDEO:
            wire = self._publisher.picture(flv.picture(sample.payload, is_keyframe=sample.is_independent), at_ms)
            head = self._publisher.picture(flv.picture_configuration(sample.parameters), at_ms) if is_new else b""
        else:
            wire = self._publisher.sound(flv.sound(sample.payload), at_ms)
            head = self._publisher.sound(flv.sound_configuration(sample.parameters), at_ms) if is_new else b""
        return head + wire

    def _be_accepted(self) -> None:
        deadline = time.monotonic() + CONNECT_S
        self._link.sendall(self._publisher.begin())
        while self._publisher.step is not Step.LIVE:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            self._link.settimeout(left_s)
            self._take()

    def _listen(self) -> None:
        """Hear what the other side says without waiting for it: acknowledgements, pings, the end."""
        while _has_news(self._link):
            self._link.settimeout(SEND_S)
            self._take()

    def _take(self) -> None:
        came = self._link.recv(_READ_BYTES)
        if not came:
            raise ConnectionResetError
        answer = self._publisher.receive(came)
        if answer:
            self._link.sendall(answer)


def _connected(target: Target) -> socket.socket:
    link = socket.create_connection((target.host, target.port), CONNECT_S)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not target.is_secure:
        return link
    try:
        return ssl.create_default_context().wrap_socket(link, server_hostname=target.host)
    except BaseException:
        link.close()
        raise


def _has_news(link: socket.socket) -> bool:
    if isinstance(link, ssl.SSLSocket) and link.pending():
        return True
    return bool(select.select([link], [], [], 0)[0])


class _trouble(contextlib.AbstractContextManager[None]):
    """Says what goes wrong on a connection as a SinkError, without the address, which holds the stream key."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case RtmpRefused():
                raise SinkError("refused") from None
            case WireError():
                raise SinkError("not_understood") from None
            case ssl.SSLCertVerificationError():
                raise SinkError("certificate") from None
            case TimeoutError():
                raise SinkError("timeout") from None
            case socket.gaierror() | ConnectionRefusedError():
                raise SinkError("unreachable") from None
            case OSError() | ValueError():
                raise SinkError("broken") from None
