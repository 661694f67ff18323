"""From an offer to what is answered: which sections are taken, with which codecs. Pure."""

from dataclasses import dataclass
from typing import Final

from media import sdp
from media.errors import OfferRejected
from media.sdp import Codec, LocalSection, Offer, Section

_OPUS_FMTP: Final = {
    "minptime": "20",
    "useinbandfec": "1",
    "usedtx": "0",
    "stereo": "0",
    "maxaveragebitrate": "64000",
}
_VIDEO_FEEDBACK: Final = ("nack", "nack pli", "goog-remb")
_SENDS: Final = ("sendonly", "sendrecv")
_RECEIVES: Final = ("recvonly", "sendrecv")


@dataclass(frozen=True, slots=True)
class Agreed:
    """What an offer comes to: the sections in their order, Opus's payload type, video's payload types by codec."""

    sections: list[LocalSection]
    audio_type: int | None
    video_types: dict[str, int]


def agree_to_publish(offer: Offer, *, takes_audio: bool, takes_video: bool) -> Agreed:
    """What we take of a publisher's offer: at most one audio and one video track.

    Raises:
        OfferRejected: `offer_is_subscribe`, `sdp_too_many_media`, `sdp_no_opus`, `sdp_no_audio` (422).
    """
    live = [s for s in offer.sections if not s.is_rejected]
    if not any(s.direction in _SENDS for s in live):
        raise OfferRejected("offer_is_subscribe")
    for kind in ("audio", "video"):
        if sum(s.kind == kind for s in live) > 1:
            raise OfferRejected("sdp_too_many_media")
    return _agree(offer, _SENDS, takes_audio, takes_video, (0, 0))


def agree_to_send(offer: Offer, audio_ssrc: int, video_ssrc: int | None) -> Agreed:
    """What we send to a subscriber: one audio track and, when there is a picture, one video track.

    Raises:
        OfferRejected: `offer_is_publish`, `sdp_no_opus`, `sdp_no_audio` (422).
    """
    if not any(s.direction in _RECEIVES for s in offer.sections if not s.is_rejected):
        raise OfferRejected("offer_is_publish")
    return _agree(offer, _RECEIVES, True, video_ssrc is not None, (audio_ssrc, video_ssrc or 0))


def _agree(
    offer: Offer,
    directions: tuple[str, ...],
    takes_audio: bool,
    takes_video: bool,
    ssrcs: tuple[int, int],
) -> Agreed:
    sections: list[LocalSection] = []
    audio_type: int | None = None
    video_types: dict[str, int] = {}
    for section in offer.sections:
        is_usable = not section.is_rejected and section.direction in directions
        if section.kind == "audio" and is_usable and takes_audio and audio_type is None:
            codec = _opus(section)
            audio_type = codec.payload_type
            sections.append(LocalSection(section, (codec,), ssrcs[0]))
        elif section.kind == "video" and is_usable and takes_video and not video_types:
            codecs = _videos(section)
            video_types = {codec.name: codec.payload_type for codec in codecs}
            sections.append(LocalSection(section, codecs, ssrcs[1] if codecs else 0))
        else:
            sections.append(LocalSection(section))
    if audio_type is None and not video_types:
        raise OfferRejected("sdp_no_audio")
    return Agreed(sections, audio_type, video_types)


def _opus(section: Section) -> Codec:
    codec = sdp.pick_opus(section)
    if codec is None:
        raise OfferRejected("sdp_no_opus")
    # `a=rtcp-fb:… nack` on audio makes Chromium ask again for lost sound, and lets us ask.
    return sdp.with_parameters(codec, dict(_OPUS_FMTP), ("nack",))


def _videos(section: Section) -> tuple[Codec, ...]:
    chosen = sdp.pick_video(section)
    return tuple(
        sdp.with_parameters(
            chosen[name], dict(chosen[name].fmtp), tuple(f for f in chosen[name].feedback if f in _VIDEO_FEEDBACK)
        )
        for name in ("h264", "vp8")
        if name in chosen
    )
