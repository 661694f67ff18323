"""Bodies of FLV tags, which are the media messages of RTMP (Adobe, "Video File Format Specification" 10.1, annex E).

H.264 as it stands in MP4 (lengths before NAL units) and raw AAC frames go in as they are.
"""

from typing import Final

from media.amf import AmfValue, format_amf, format_ecma_array
from media.errors import WireError

_AAC: Final = 0xAF  # AAC; rate, size and channels are always given so (E.4.2.1), the configuration says the truth
_AVC: Final = 7
_KEYFRAME: Final = 0x10
_INTER: Final = 0x20


def sound_configuration(parameters: bytes) -> bytes:
    """Return the first sound message: an AudioSpecificConfig."""
    return bytes([_AAC, 0]) + parameters


def sound(frame: bytes) -> bytes:
    """Return a message of one AAC frame."""
    return bytes([_AAC, 1]) + frame


def picture_configuration(parameters: bytes) -> bytes:
    """Return the first picture message: an AVCDecoderConfigurationRecord."""
    return bytes([_KEYFRAME | _AVC, 0, 0, 0, 0]) + parameters


def picture(access_unit: bytes, *, is_keyframe: bool) -> bytes:
    """Return a message of one picture, shown when it is decoded (no B-frames)."""
    return bytes([(_KEYFRAME if is_keyframe else _INTER) | _AVC, 1, 0, 0, 0]) + access_unit


def description(*, has_picture: bool) -> bytes:
    """Return the data message in which a stream describes itself."""
    values: dict[str, AmfValue] = {"audiocodecid": 10, "audiosamplerate": 48000, "stereo": False, "encoder": "Tolmach"}
    if has_picture:
        values["videocodecid"] = _AVC
    return format_amf("@setDataFrame", "onMetaData") + format_ecma_array(values)


def parameter_sets(record: bytes) -> bytes:
    """Return the parameter sets of an AVCDecoderConfigurationRecord, each with four bytes of its length before it.

    Raises WireError (ISO/IEC 14496-15 section 5.3.3.1).
    """
    if len(record) < 7 or record[4] & 3 != 3:
        raise WireError("avc_record")
    sets, at = b"", 5
    for mask in (0x1F, 0xFF):
        if at >= len(record):
            raise WireError("avc_record")
        count = record[at] & mask
        at += 1
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            unit = record[at + 2 : at + 2 + length]
            if not length or len(unit) != length:
                raise WireError("avc_record")
            sets += length.to_bytes(4, "big") + unit
            at += 2 + length
    return sets
