"""From an offer to what is answered: which sections are taken, with which codecs. Pure."""

from dataclasses import dataclass, field
from typing import Final

from media import sdp
from media.errors import OfferRejected
from media.sdp import Codec, LocalSection, Offer, Section

TRANSPORT_CC: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
# 96 kbit/s: below 72 a browser codes a mono voice in two halves (hybrid Opus), and above 8 kHz loses 1 to 3 dB by it.
_OPUS_FMTP: Final = {
    "minptime": "20",
    "useinbandfec": "1",
    "usedtx": "0",
    "stereo": "0",
    "maxaveragebitrate": "96000",
}
_SENDS: Final = ("sendonly", "sendrecv")
_RECEIVES: Final = ("recvonly", "sendrecv")
_VIDEO_CODECS: Final = ("h264", "vp8")


@dataclass(frozen=True, slots=True)
class Ssrcs:
    """The streams we send: sound, picture, and the picture's packets sent again; 0 for what is not sent."""

    audio: int = 0
    video: int = 0
    repair: int = 0


@dataclass(slots=True)
class Agreed:
    """What an offer comes to.

    `sections` in the offer's order; `audio_type` of Opus and `red_type` of RED when the offerer prefers it;
    `video_types` by codec, `repair_types` the RTX payload type by codec; `feedback_id` is the header extension that
    carries transport-wide sequence numbers, 0 without.
    """

    sections: list[LocalSection] = field(default_factory=list)
    audio_type: int | None = None
    red_type: int | None = None
    video_types: dict[str, int] = field(default_factory=dict)
    repair_types: dict[str, int] = field(default_factory=dict)
    feedback_id: int = 0


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
    return _agree(offer, _SENDS, takes_audio, takes_video, Ssrcs())


def agree_to_send(offer: Offer, ssrcs: Ssrcs) -> Agreed:
    """What we send to a subscriber: one audio track and, when there is a picture, one video track.

    Raises:
        OfferRejected: `offer_is_publish`, `sdp_no_opus`, `sdp_no_audio` (422).
    """
    if not any(s.direction in _RECEIVES for s in offer.sections if not s.is_rejected):
        raise OfferRejected("offer_is_publish")
    return _agree(offer, _RECEIVES, bool(ssrcs.audio), bool(ssrcs.video), ssrcs)


def _agree(offer: Offer, directions: tuple[str, ...], takes_audio: bool, takes_video: bool, ssrcs: Ssrcs) -> Agreed:
    agreed = Agreed()
    for section in offer.sections:
        is_usable = not section.is_rejected and section.direction in directions
        if section.kind == "audio" and is_usable and takes_audio and agreed.audio_type is None:
            agreed.sections.append(_agree_on_audio(agreed, section, ssrcs))
        elif section.kind == "video" and is_usable and takes_video and not agreed.video_types:
            agreed.sections.append(_agree_on_video(agreed, section, ssrcs))
        else:
            agreed.sections.append(LocalSection(section))
    if agreed.audio_type is None and not agreed.video_types:
        raise OfferRejected("sdp_no_audio")
    return agreed


def _agree_on_audio(agreed: Agreed, section: Section, ssrcs: Ssrcs) -> LocalSection:
    chosen = sdp.pick_audio(section)
    if "opus" not in chosen:
        raise OfferRejected("sdp_no_opus")
    agreed.audio_type = chosen["opus"].payload_type
    # `a=rtcp-fb:… nack` on audio makes Chromium ask again for lost sound, and lets us ask.
    codecs = [sdp.with_parameters(chosen["opus"], dict(_OPUS_FMTP), ("nack",))]
    order = [codec.payload_type for codec in section.codecs]
    if "red" in chosen and order.index(chosen["red"].payload_type) < order.index(agreed.audio_type):
        agreed.red_type = chosen["red"].payload_type
        codecs.insert(0, sdp.with_parameters(chosen["red"], dict(chosen["red"].fmtp), ("nack",)))
    return LocalSection(section, tuple(codecs), ssrcs.audio)


def _agree_on_video(agreed: Agreed, section: Section, ssrcs: Ssrcs) -> LocalSection:
    chosen = sdp.pick_video(section)
    is_received = not ssrcs.video
    if is_received:
        agreed.feedback_id = section.extensions.get(TRANSPORT_CC, 0)
    wanted = {"nack", "nack pli", "transport-cc" if agreed.feedback_id else "goog-remb"}
    codecs: list[Codec] = []
    for name in _VIDEO_CODECS:
        codec = chosen.get(name)
        if codec is None:
            continue
        agreed.video_types[name] = codec.payload_type
        codecs.append(sdp.with_parameters(codec, dict(codec.fmtp), tuple(f for f in codec.feedback if f in wanted)))
        repair = sdp.pick_repair(section, codec.payload_type)
        if repair is not None:
            agreed.repair_types[name] = repair.payload_type
            codecs.append(repair)
    if not codecs:
        return LocalSection(section)
    extensions = (TRANSPORT_CC,) if agreed.feedback_id else ()
    repair_ssrc = ssrcs.repair if agreed.repair_types else 0
    return LocalSection(section, tuple(codecs), ssrcs.video, repair_ssrc, extensions)
