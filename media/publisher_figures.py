"""What a publisher's tracks are like, as plain numbers by name: counts since its start, and how it is now.

A track's are `audio_…`, `video_…` and `small_…`; what is not known yet is left out.
"""

from dataclasses import asdict

from media.publishing import Publisher


def publisher_figures(media: object, now: float) -> dict[str, float]:
    """The numbers of a peer that publishes; none of another. `now` is in monotonic seconds."""
    numbers: dict[str, float] = {}
    if not isinstance(media, Publisher):
        return numbers
    for kind, reception in media.receptions.items():
        numbers |= {
            f"{kind}_packets": reception.packets,
            f"{kind}_bytes": reception.octets,
            f"{kind}_lost": reception.lost,
            f"{kind}_jitter_ms": round(reception.jitter_ms, 2),
        }
        if reception.round_ms is not None:
            numbers[f"{kind}_round_ms"] = round(reception.round_ms, 1)
        if reception.drift.ppm is not None:
            numbers[f"{kind}_drift_ppm"] = reception.drift.ppm
    for kind, camera in zip(("video", "small"), media.cameras, strict=False):
        if camera is not None and camera.source.facts.pictures:
            facts = camera.source.facts
            numbers[f"{kind}_pictures"] = facts.pictures
            if facts.keyframe_at is not None:
                numbers[f"{kind}_keyframe_age_ms"] = round((now - facts.keyframe_at) * 1000)
            if facts.size is not None:
                numbers[f"{kind}_width"], numbers[f"{kind}_height"] = facts.size
    if media.sound is not None:
        numbers |= {f"sound_{name}": count for name, count in asdict(media.sound.counts).items()}
        numbers["sound_depth_ms"] = round(media.sound.depth_ms, 1)
    return numbers


def silent_s(media: object, now: float) -> float | None:
    """Seconds since a publisher's last packet; None before the first, and of another peer."""
    if not isinstance(media, Publisher) or not media.receptions:
        return None
    return now - max(reception.last_at for reception in media.receptions.values())
