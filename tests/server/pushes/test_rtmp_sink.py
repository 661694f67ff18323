"""The socket of a push by RTMP against a platform of our own making: taken, refused, silent, gone, behind TLS."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from media.rtmp_receiver import Heard, Picture, RtmpReceiver, Sound, Wish
from media.stream import VIDEO, Sample
from server.pushes import rtmp_sink
from server.pushes.rtmp_sink import RtmpSink
from server.pushes.sink import SinkError
from server.pushes.target import Target, checked_target


class Platform:
    """Takes one connection after another in a thread and notes what it heard."""

    def __init__(self, tls: ssl.SSLContext | None = None, behaviour: str = "accept") -> None:
        self.heard: list[Heard] = []
        self.ended = threading.Event()
        self._tls = tls
        self._behaviour = behaviour
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Platform:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._door.close()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        self._thread.join(5)

    def target(self, scheme: str = "rtmp") -> Target:
        return checked_target("city", f"{scheme}://127.0.0.1:{self.port}/live/key", "de")

    def _work(self) -> None:
        with suppress(OSError):
            link, _ = self._door.accept()
            with link:
                link.settimeout(5)
                self._serve(self._tls.wrap_socket(link, server_side=True) if self._tls else link)
        self.ended.set()

    def _serve(self, link: socket.socket) -> None:
        receiver = RtmpReceiver()
        while came := link.recv(4096):
            if self._behaviour == "silent":
                continue
            if self._behaviour == "junk":
                link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            answer, heard = receiver.receive(came)
            link.sendall(answer)
            self.heard += heard
            if any(isinstance(one, Wish) for one in heard):
                link.sendall(receiver.accept() if self._behaviour != "refuse" else receiver.refuse())
            if self._behaviour == "hang up" and any(isinstance(one, Picture) for one in heard):
                return
        link.close()


def picture(starts_s: float, *, is_keyframe: bool = True, parameters: bytes = b"avcc") -> Sample:
    return Sample(VIDEO, starts_s, b"nal", is_keyframe, parameters)


def test_time_begins_with_the_first_keyframe_and_parameters_come_before_what_needs_them() -> None:
    with Platform() as platform:
        sink = RtmpSink.open(platform.target(), has_picture=True)
        assert sink.send(Sample("de", 99.9, b"aac", True, b"asc")) == 0
        assert sink.send(picture(99.95, is_keyframe=False)) == 0
        assert sink.send(picture(100.0)) > 0
        sink.send(Sample("de", 100.01, b"aac", True, b"asc"))
        sink.send(picture(100.04, is_keyframe=False))
        sink.send(picture(104.0, parameters=b"other"))
        assert sink.send(Sample("de", 99.99, b"aac", True, b"asc")) == 0
        sink.close()
        assert platform.ended.wait(5)
    assert [one for one in platform.heard if isinstance(one, Sound | Picture)] == [
        Picture(0, b"\x17\x00\x00\x00\x00avcc"),
        Picture(0, b"\x17\x01\x00\x00\x00nal"),
        Sound(10, b"\xaf\x00asc"),
        Sound(10, b"\xaf\x01aac"),
        Picture(40, b"\x27\x01\x00\x00\x00nal"),
        Picture(4000, b"\x17\x00\x00\x00\x00other"),
        Picture(4000, b"\x17\x01\x00\x00\x00nal"),
    ]


@pytest.mark.parametrize(
    ("behaviour", "reason"), [("silent", "timeout"), ("junk", "not_understood"), ("refuse", "refused")]
)
def test_a_platform_that_does_not_take_it(behaviour: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtmp_sink, "CONNECT_S", 0.5)
    with Platform(behaviour=behaviour) as platform, pytest.raises(SinkError) as trouble:
        RtmpSink.open(platform.target(), has_picture=True)
    assert (trouble.value.reason, trouble.value.is_refusal) == (reason, reason == "refused")
    assert "key" not in str(trouble.value)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(SinkError, match="unreachable"):
        RtmpSink.open(checked_target("city", f"rtmp://127.0.0.1:{port}/live/key", "de"), has_picture=True)


def test_a_platform_that_hangs_up_is_noticed() -> None:
    with Platform(behaviour="hang up") as platform:
        sink = RtmpSink.open(platform.target(), has_picture=True)
        with pytest.raises(SinkError, match="broken"):
            send_on(sink)
        sink.close()


def send_on(sink: RtmpSink) -> None:
    for n in range(100_000):
        sink.send(picture(float(n)))


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself, and what a server does with it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "here.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def test_rtmps_goes_through_tls_and_wants_a_good_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, context = certificate(tmp_path)
    with Platform(context) as platform, pytest.raises(SinkError, match="certificate"):
        RtmpSink.open(platform.target("rtmps"), has_picture=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with Platform(context) as platform:
        sink = RtmpSink.open(platform.target("rtmps"), has_picture=True)
        sink.send(picture(1.0))
        sink.close()
        assert platform.ended.wait(5)
    assert Picture(0, b"\x17\x01\x00\x00\x00nal") in platform.heard
