"""What forwarding a picture costs: 720p at 2 Mbit/s to 100 viewers, through the picture bus and the kernel's loopback.

`python -m deploy.load.video` paces the packets as a camera would (30 pictures a second in bursts) and prints the CPU
time a packet sent. The viewers' ends are sockets that nobody reads: the kernel drops there what it has carried.
"""

import argparse
import os
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from media import udp
from media.fanout import Subscriber
from media.pictures import PictureBus, VideoSource
from media.rtp import RtpPacket
from media.srtp import PROFILES, SrtpSession

_PICTURES_A_SECOND: Final = 30
_PACKETS_A_PICTURE: Final = 8
_PAYLOAD_BYTES: Final = 1040  # 30 × 8 × 1040 bytes are 2 Mbit/s


def measure(viewers: int, seconds: float) -> dict[str, float]:
    """Forward for so long; CPU of this thread, which does what the media thread would."""
    with ExitStack() as stack:
        sock = stack.enter_context(udp.open_socket("", 0))
        screen = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        screen.bind(("127.0.0.1", 0))
        bus = PictureBus(sock)
        for _ in range(viewers):
            session = SrtpSession(PROFILES[0], os.urandom(60), is_server=True)
            end = Subscriber(session, ("::ffff:127.0.0.1", screen.getsockname()[1]), 102, bus.ssrc)
            bus.add_viewer({"h264": end}, 0.0)
        source = VideoSource(lambda: None, lambda timestamp: None)
        bus.set_source(source)
        spent, sequence = 0.0, 0
        start = time.monotonic()
        for picture in range(int(seconds * _PICTURES_A_SECOND)):
            time.sleep(max(0.0, start + picture / _PICTURES_A_SECOND - time.monotonic()))
            for piece in range(_PACKETS_A_PICTURE):
                is_last = piece == _PACKETS_A_PICTURE - 1
                packet = RtpPacket(102, is_last, sequence & 0xFFFF, picture * 3000, 7, os.urandom(_PAYLOAD_BYTES))
                before = time.thread_time()
                source.take(packet, "h264", time.monotonic())
                spent += time.thread_time() - before
                sequence += 1
        fan = bus.fans["h264"]
        return {
            "video_us_per_packet": spent / fan.packets_sent * 1e6,
            "video_cpu_percent": spent / seconds * 100,
            "video_packets_sent": float(fan.packets_sent),
            "video_packets_dropped": float(fan.packets_dropped),
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=100, help="how many watch (100)")
    parser.add_argument("--seconds", type=float, default=10.0, help="for how long (10)")
    options = parser.parse_args(arguments)
    for name, value in measure(options.viewers, options.seconds).items():
        print(f"{name}: {value:.2f}")


if __name__ == "__main__":
    main()
