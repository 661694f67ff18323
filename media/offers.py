"""From an offer to what is answered: which sections are taken, with which codecs. Pure."""

from dataclasses import dataclass, field
from typing import Final

from media import sdp
from media.errors import OfferRejected
from media.sdp import Codec, LocalSection, Offer, Section

MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
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
# A face at 1.4 Mbit/s, its small picture and its voice: of six beside one another nobody sees more. Browsers take the
# limit of any section as that of the whole session, so each names the sum; the page divides it.
FACE_BITS_PER_S: Final = 1_650_000


@dataclass(frozen=True, slots=True)
class PictureSsrcs:
    """A picture we send: its stream's, and that of its packets sent again; `video` 0 sends nothing in that place."""

    video: int
    repair: int


@dataclass(frozen=True, slots=True)
class Ssrcs:
    """The streams we send: sound, 0 for none, and pictures in the order of the offer's video sections."""

    audio: int = 0
    pictures: tuple[PictureSsrcs, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreedPicture:
    """One video section: payload types by codec, `repairs` those of RTX; the SSRCs the offerer sends there and its mid.
    Without `types` it was refused, and only keeps its place.
    """

    types: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)
    ssrcs: frozenset[int] = frozenset()
    mid: str = ""


@dataclass(slots=True)
class Agreed:
    """What an offer comes to.

    `sections` in the offer's order; `audio_type` of Opus and `red_type` of RED when the offerer prefers it; `pictures`
    in the order of the video sections; `feedback_id` and `mid_id` are the header extensions that carry transport-wide
    sequence numbers and the section's mid, 0 without; `most_bits_per_s` of the whole session, 0 for no limit.
    """

    sections: list[LocalSection] = field(default_factory=list)
    audio_type: int | None = None
    red_type: int | None = None
    pictures: list[AgreedPicture] = field(default_factory=list)
    feedback_id: int = 0
    mid_id: int = 0
    most_bits_per_s: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """What is wanted of a video section: its picture when `ours` is None, else that it takes ours."""

    ours: PictureSsrcs | None
    group: str = ""
    most_bits_per_s: int = 0


def agree_to_publish(offer: Offer, *, takes_audio: bool, takes_video: bool, takes_small: bool = False) -> Agreed:
    """What we take of a publisher's offer: at most one audio track, and one video track, or two when a small picture is
    taken too. Who may send a small one sends a face, and is told how much of it is of use.

    Raises:
        OfferRejected: `offer_is_subscribe`, `sdp_too_many_media`, `sdp_no_opus`, `sdp_no_audio` (422).
    """
    live = [s for s in offer.sections if not s.is_rejected]
    if not any(s.direction in _SENDS for s in live):
        raise OfferRejected("offer_is_subscribe")
    if sum(s.kind == "audio" for s in live) > 1:
        raise OfferRejected("sdp_too_many_media")
    places = []
    if takes_small:
        places = [_Place(None, most_bits_per_s=FACE_BITS_PER_S)] * 2
    elif takes_video:
        places = [_Place(None)]
    return _agree(offer, _SENDS, takes_audio, 0, places)


def agree_to_send(offer: Offer, ssrcs: Ssrcs) -> Agreed:
    """What we send to a subscriber: one audio track, and a picture in each video section as far as there are any. The
    first one is kept in step with the sound.

    Raises:
        OfferRejected: `offer_is_publish`, `sdp_no_opus`, `sdp_no_audio` (422).
    """
    if not any(s.direction in _RECEIVES for s in offer.sections if not s.is_rejected):
        raise OfferRejected("offer_is_publish")
    # Browsers keep one picture of a stream in step with its sound, and which one is theirs to say.
    groups = ["tolmach", *(f"tolmach-{n}" for n in range(1, len(ssrcs.pictures)))]
    places = [_Place(ours, group) for ours, group in zip(ssrcs.pictures, groups, strict=False)]
    return _agree(offer, _RECEIVES, bool(ssrcs.audio), ssrcs.audio, places)


def _agree(offer: Offer, directions: tuple[str, ...], takes_audio: bool, ssrc: int, places: list[_Place]) -> Agreed:
    agreed = Agreed()
    for section in offer.sections:
        is_usable = not section.is_rejected and section.direction in directions
        if section.kind == "audio" and is_usable and takes_audio and agreed.audio_type is None:
            agreed.sections.append(_agree_on_audio(agreed, section, ssrc))
        elif section.kind == "video" and is_usable and len(agreed.pictures) < len(places):
            agreed.sections.append(_agree_on_video(agreed, section, places[len(agreed.pictures)]))
        else:
            agreed.sections.append(LocalSection(section))
    if agreed.audio_type is None and not any(picture.types for picture in agreed.pictures):
        raise OfferRejected("sdp_no_audio")
    return agreed


def _agree_on_audio(agreed: Agreed, section: Section, ssrc: int) -> LocalSection:
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
    return LocalSection(section, tuple(codecs), ssrc)


def _agree_on_video(agreed: Agreed, section: Section, place: _Place) -> LocalSection:
    chosen = sdp.pick_video(section) if place.ours is None or place.ours.video else {}
    extensions = _take_extensions(agreed, section) if place.ours is None and chosen else ()
    wanted = {"nack", "nack pli", "transport-cc" if agreed.feedback_id else "goog-remb"}
    types: dict[str, int] = {}
    repairs: dict[str, int] = {}
    codecs: list[Codec] = []
    for name in _VIDEO_CODECS:
        codec = chosen.get(name)
        if codec is None:
            continue
        types[name] = codec.payload_type
        codecs.append(sdp.with_parameters(codec, dict(codec.fmtp), tuple(f for f in codec.feedback if f in wanted)))
        repair = sdp.pick_repair(section, codec.payload_type)
        if repair is not None:
            repairs[name] = repair.payload_type
            codecs.append(repair)
    agreed.pictures.append(AgreedPicture(types, repairs, section.ssrcs, section.mid))
    if not codecs:
        return LocalSection(section)
    agreed.most_bits_per_s = place.most_bits_per_s
    ours = place.ours or PictureSsrcs(0, 0)
    return LocalSection(
        section,
        tuple(codecs),
        ours.video,
        ours.repair if repairs else 0,
        extensions,
        place.group,
        place.most_bits_per_s,
    )


def _take_extensions(agreed: Agreed, section: Section) -> tuple[str, ...]:
    """Those of a publisher's that are read: one number each, whatever sections a bundle has (RFC 8843 section 9.1)."""
    agreed.feedback_id = agreed.feedback_id or section.extensions.get(TRANSPORT_CC, 0)
    agreed.mid_id = agreed.mid_id or section.extensions.get(MID, 0)
    numbers = {TRANSPORT_CC: agreed.feedback_id, MID: agreed.mid_id}
    return tuple(uri for uri, number in numbers.items() if number and section.extensions.get(uri) == number)
