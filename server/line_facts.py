"""What a sender's line was like between two looks at its figures (`media.publisher_figures`), as a desk is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Figures = Mapping[str, float]
_KINDS: Final = ("audio", "video", "small")


def line_facts(before: Figures, now: Figures, passed_s: float) -> dict[str, dict[str, float | None]]:
    """Return by track what came within `passed_s`; a track that never sent is left out, what is unknown is null."""
    passed_s = max(0.1, passed_s)
    return {kind: _track(kind, before, now, passed_s) for kind in _KINDS if f"{kind}_packets" in now}


def _track(kind: str, before: Figures, now: Figures, passed_s: float) -> dict[str, float | None]:
    def since(name: str) -> float:
        found = now.get(f"{kind}_{name}", 0.0)
        return max(0.0, found - before.get(f"{kind}_{name}", found))

    packets, lost = since("packets"), since("lost")
    facts: dict[str, float | None] = {
        "packets_per_s": round(packets / passed_s),
        "bitrate_kbps": round(since("bytes") * 8 / passed_s / 1000, 1),
        "lost_percent": round(100 * lost / (packets + lost), 1) if packets + lost else 0.0,
        "jitter_ms": now[f"{kind}_jitter_ms"],
        "round_trip_ms": now.get(f"{kind}_round_ms"),
    }
    if kind == "audio":
        return facts | {"delay_ms": now.get("sound_depth_ms"), "drift_ppm": now.get("audio_drift_ppm")}
    age_ms = now.get(f"{kind}_keyframe_age_ms")
    return facts | {
        "frames_per_s": round(since("pictures") / passed_s, 1),
        "keyframe_age_s": None if age_ms is None else round(age_ms / 1000, 1),
        "width": now.get(f"{kind}_width"),
        "height": now.get(f"{kind}_height"),
    }
