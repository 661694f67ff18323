"""libopus by cffi's ABI mode: encoding, decoding, and the concealment and in-band FEC that FFmpeg does not expose.

The library is the one PyAV ships, else the system's. Everything is 48 kHz mono float32 in [-1, 1] (values beyond are
clipped by the codec). An object belongs to one thread.
"""

import ctypes.util
from pathlib import Path
from typing import Any, Final

import av
import cffi
import numpy as np
import numpy.typing as npt

from media.errors import MediaError, WireError

SAMPLE_RATE_HZ: Final = 48000
FRAME_SAMPLES: Final = 960
"""20 ms."""
MAX_FRAME_SAMPLES: Final = 5760
"""120 ms, the longest packet (RFC 6716 section 2.1.4)."""
MAX_PACKET_BYTES: Final = 400
"""What `Encoder` never exceeds for 20 ms: 160 kbit/s."""

Pcm = npt.NDArray[np.float32]

_APPLICATION_AUDIO: Final = 2049
_SET_BITRATE: Final = 4002
_SET_COMPLEXITY: Final = 4010
_SET_INBAND_FEC: Final = 4012
_SET_PACKET_LOSS_PERC: Final = 4014

_ffi = cffi.FFI()
_ffi.cdef("""
    void *opus_encoder_create(int32_t rate, int channels, int application, int *error);
    void opus_encoder_destroy(void *encoder);
    int opus_encoder_ctl(void *encoder, int request, ...);
    int opus_encoder_get_size(int channels);
    int32_t opus_encode_float(void *encoder, const float *pcm, int samples, unsigned char *packet, int32_t max_bytes);
    void *opus_decoder_create(int32_t rate, int channels, int *error);
    void opus_decoder_destroy(void *decoder);
    int opus_decode_float(void *decoder, const unsigned char *packet, int32_t bytes, float *pcm, int samples, int fec);
    int opus_packet_get_nb_samples(const unsigned char *packet, int32_t bytes, int32_t rate);
""")


def _open_library() -> Any:
    shipped = sorted((Path(av.__file__).parent.parent / "av.libs").glob("libopus*"))
    for name in [*map(str, shipped), ctypes.util.find_library("opus")]:
        if name:
            return _ffi.dlopen(name)
    raise MediaError("libopus_missing")


_lib: Final = _open_library()


def packet_samples(packet: bytes) -> int:
    """How many samples a packet holds at 48 kHz.

    Raises:
        WireError: not an Opus packet.
    """
    samples: int = _lib.opus_packet_get_nb_samples(packet, len(packet), SAMPLE_RATE_HZ) if packet else -1
    if not 0 < samples <= MAX_FRAME_SAMPLES:
        raise WireError("opus_packet")
    return samples


_ENCODER_BYTES: Final[int] = _lib.opus_encoder_get_size(1)


def _open_encoder() -> Any:
    error = _ffi.new("int *")
    handle = _lib.opus_encoder_create(SAMPLE_RATE_HZ, 1, _APPLICATION_AUDIO, error)
    if error[0]:
        raise MediaError("opus_encoder")
    return _ffi.gc(handle, _lib.opus_encoder_destroy)


class Encoder:
    """A fullband mono encoder of packets of `frames` times 20 ms.

    Args:
        bits_per_s: the bitrate aimed at (variable).
        loss_percent: the loss its in-band FEC is prepared for.
        complexity: 0 to 10; 5 costs half of 10 and loses little at 64 kbit/s.
        frames: 1 or 3, the length of a packet in frames of 20 ms.
    """

    def __init__(self, bits_per_s: int = 64000, loss_percent: int = 5, complexity: int = 5, frames: int = 1) -> None:
        self._encoder = _open_encoder()
        self._frames = frames
        self._samples = frames * FRAME_SAMPLES
        self._room = frames * MAX_PACKET_BYTES
        self._packet = _ffi.new("unsigned char[]", self._room)
        for request, value in (
            (_SET_BITRATE, bits_per_s),
            (_SET_COMPLEXITY, complexity),
            (_SET_INBAND_FEC, 1),
            (_SET_PACKET_LOSS_PERC, loss_percent),
        ):
            _lib.opus_encoder_ctl(self._encoder, request, _ffi.cast("int", value))

    def copy(self) -> "Encoder":
        """Another one with all this one remembers: of the same sound both make the same packets from here on.

        An encoder's state lies in one piece without references into itself, and may be copied as it is (opus.h).
        """
        other = Encoder(frames=self._frames)
        _ffi.memmove(_ffi.cast("char *", other._encoder), _ffi.cast("char *", self._encoder), _ENCODER_BYTES)
        return other

    def encode(self, pcm: Pcm) -> bytes:
        """One packet, at most `MAX_PACKET_BYTES` a frame, for as many contiguous samples."""
        if len(pcm) != self._samples:
            raise MediaError("opus_frame_size")
        samples = _ffi.from_buffer("float[]", pcm.data)
        size = _lib.opus_encode_float(self._encoder, samples, self._samples, self._packet, self._room)
        if size < 0:
            raise MediaError("opus_encode")
        return bytes(_ffi.buffer(self._packet, size))


class Decoder:
    """A mono decoder; stereo packets are mixed down by libopus itself."""

    def __init__(self) -> None:
        error = _ffi.new("int *")
        handle = _lib.opus_decoder_create(SAMPLE_RATE_HZ, 1, error)
        if error[0]:
            raise MediaError("opus_decoder")
        self._decoder = _ffi.gc(handle, _lib.opus_decoder_destroy)
        self._pcm = np.zeros(MAX_FRAME_SAMPLES, np.float32)
        self._out = _ffi.from_buffer("float[]", self._pcm.data, require_writable=True)

    def decode(self, packet: bytes) -> Pcm:
        """The packet's sound.

        Raises:
            WireError: not an Opus packet.
        """
        # An empty packet would be taken for a lost one of 120 ms.
        return self._decode(packet, packet_samples(packet), fec=0)

    def decode_lost(self, samples: int, following: bytes | None = None) -> Pcm:
        """Sound for a lost packet of `samples` (a multiple of 2.5 ms): from the FEC in the packet that follows, if it
        carries any, else extrapolated and faded by libopus (RFC 6716 section 4.4).
        """
        if following is not None:
            return self._decode(following, samples, fec=1)
        return self._decode(None, samples, fec=0)

    def _decode(self, packet: bytes | None, samples: int, fec: int) -> Pcm:
        count = _lib.opus_decode_float(
            self._decoder, _ffi.NULL if packet is None else packet, len(packet or b""), self._out, samples, fec
        )
        if count < 0:
            raise WireError("opus_packet")
        return self._pcm[:count].copy()
