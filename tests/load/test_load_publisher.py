"""The floor that the lean publisher sends is real sound, and its packets are numbered as RTP wants."""

import struct
from fractions import Fraction

import av
import numpy as np

from deploy.load.publisher import FRAME_SAMPLES, RATE, RtpStream, encode_floor


def test_a_second_is_fifty_packets_at_64_kbit_and_sounds() -> None:
    packets = encode_floor(seconds=1)
    assert [len(packet) for packet in packets] == [160] * 50
    decoder = av.CodecContext.create("opus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = RATE, "mono"
    frames = []
    for index, payload in enumerate(packets):
        packet = av.Packet(payload)
        packet.pts, packet.time_base = index * FRAME_SAMPLES, Fraction(1, RATE)
        frames += [frame.to_ndarray().astype(np.float64).reshape(-1) for frame in decoder.decode(packet)]
    sound = np.concatenate(frames)[-RATE // 2 :]
    strength = np.abs(np.fft.rfft(sound))
    loudest = sorted(int(bin_) * 2 for bin_ in np.argsort(strength)[-4:])
    assert loudest == [300, 800, 2400, 5100]


def test_packets_are_numbered_and_looped() -> None:
    stream = RtpStream([b"a", b"b"], payload_type=111)
    headers = [struct.unpack("!BBHII", stream.next()[:12]) for _ in range(5)]
    assert {header[1] for header in headers} == {111}
    assert {header[4] for header in headers} == {stream.ssrc}
    assert [(later[2] - headers[0][2]) & 0xFFFF for later in headers] == [0, 1, 2, 3, 4]
    assert [(later[3] - headers[0][3]) & 0xFFFFFFFF for later in headers] == [n * 960 for n in range(5)]
    assert [stream.next()[12:] for _ in range(2)] == [b"b", b"a"]
