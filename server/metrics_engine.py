"""The media engine's figures on the sheet: mixer, packets, peers, buses, sources, streams, edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from interpreting.ids import SourceKind
from server.edge_link import EdgeFigures
from server.engine import EngineStats, Level, Quality
from server.metrics_sheet import Sheet, Sums, kind_of_bus, kind_of_source
from server.switchboard import local_name

_SOURCES: Final = frozenset(kind.value for kind in SourceKind)
_MIXER: Final = {
    "ticks": ("mixer_ticks_total", "Ticks of 20 ms that the mixer did."),
    "late": ("mixer_late_ticks_total", "Ticks that began more than 20 ms after their time."),
    "skipped": ("mixer_skipped_ticks_total", "Ticks that were given up because the mixer was a second behind."),
    "failed": ("mixer_failed_ticks_total", "Ticks that an error ended."),
    "encoded": ("mixer_encoded_packets_total", "Packets that were encoded."),
    "shared": ("mixer_shared_packets_total", "Packets that a further bus got without encoding: it carried the same."),
}
_ARRIVED: Final = {
    "packets": ("source_packets_total", "RTP packets that came of a source."),
    "bytes": ("source_bytes_total", "Bytes of RTP payload that came of a source."),
    "lost": ("source_packets_lost_total", "RTP packets of a source that did not come."),
    "pictures": ("source_pictures_total", "Pictures that came of a source."),
}
_WORST: Final = {
    "jitter_ms": ("source_jitter_seconds", "How unevenly packets come, the worst of the kind (RFC 3550 A.8)."),
    "round_ms": ("source_round_trip_seconds", "Way to a source's sender and back, the longest of the kind."),
    "keyframe_age_ms": ("source_keyframe_age_seconds", "Since the last picture that stands alone, the longest."),
    "drift_ppm": ("source_clock_drift_ppm", "How fast a sender's clock runs against ours, the fastest of the kind."),
}
_SOUND: Final = {
    "sound_late": ("source_sound_late_packets_total", "Packets of sound that came too late to be heard."),
    "sound_concealed": ("source_sound_concealed_samples_total", "Samples (48 kHz) made up for what was lost."),
    "sound_stretched": ("source_sound_stretched_samples_total", "Samples put in because packets came late."),
    "sound_shortened": ("source_sound_shortened_samples_total", "Samples left out to come nearer to the present."),
}
_STREAM_GAUGES: Final = {
    "late_ms": ("stream_late_seconds", "How long after its last sample a stream's newest part was made."),
    "worst_late_ms": ("stream_worst_late_seconds", "The longest that a part took, since the stream began."),
    "small_waiting": ("stream_small_waiting", "Pictures that wait to be made small."),
    "lip_sync_ms": ("stream_lip_sync_seconds", "Picture against sound in a stream: above 0 the picture is late."),
}
_STREAM_COUNTERS: Final = {
    "parts": ("stream_parts_total", "Parts made of a stream."),
    "sound_dropped": ("stream_sound_dropped_total", "Ticks of sound that a stream's packager did not take in time."),
    "pictures": ("stream_pictures_total", "Pictures of a stream."),
    "pictures_filled": ("stream_pictures_filled_total", "Pictures made by us because none came."),
    "pictures_dropped": ("stream_pictures_dropped_total", "Pictures that a stream left out."),
    "stalls": ("stream_stalls_total", "Times a stream's picture stopped."),
}


@dataclass(slots=True)
class EngineSheet:
    """Writes the engine's figures; it keeps what makes the sums of sources that come and go only grow."""

    _sums: dict[str, Sums] = field(default_factory=dict)

    def write(self, sheet: Sheet, stats: EngineStats) -> None:
        """Write everything of `stats`."""
        self._write_mixer(sheet, stats.mixer)
        _write_peers(sheet, stats)
        self._write_buses(sheet, stats)
        self._write_sources(sheet, stats.publishers)
        _write_streams(sheet, stats.streams)

    def _write_mixer(self, sheet: Sheet, mixer: Mapping[str, float]) -> None:
        for name, (metric, help) in _MIXER.items():
            sheet.counter(metric, help, mixer.get(name, 0))
        worst = mixer.get("worst_late_ms", 0) / 1000
        sheet.gauge("mixer_worst_late_seconds", "The latest a tick began, since the start.", worst)

    def _write_buses(self, sheet: Sheet, stats: EngineStats) -> None:
        help = "Sessions that a bus is sent to: listeners, booths, the hall's return, the desk."
        for (room, bus), count in _by_kind(stats.subscribers, kind_of_bus, sum).items():
            sheet.gauge("bus_subscribers", help, count, room=room, bus=bus)
        help = "Sessions that a room's pictures are sent to."
        for (room, picture), count in _pictures(stats.viewers).items():
            sheet.gauge("picture_subscribers", help, count, room=room, picture=picture)

    def _write_sources(self, sheet: Sheet, publishers: Mapping[str, Mapping[str, float]]) -> None:
        for media in ("audio", "video", "small"):
            for name, (metric, help) in _ARRIVED.items():
                for (room, source), count in self._sum(f"{media}_{name}", publishers).items():
                    sheet.counter(metric, help, count, room=room, source=source, media=media)
            for name, (metric, help) in _WORST.items():
                for (room, source), worst in _worst(f"{media}_{name}", publishers).items():
                    sheet.gauge(metric, help, worst, room=room, source=source, media=media)
        for name, (metric, help) in _SOUND.items():
            for (room, source), count in self._sum(name, publishers).items():
                sheet.counter(metric, help, count, room=room, source=source)
        for (room, source), depth in _worst("sound_depth_ms", publishers).items():
            help = "Sound that waits before the mixer, the most of its kind."
            sheet.gauge("source_sound_depth_seconds", help, depth, room=room, source=source)

    def _sum(self, name: str, publishers: Mapping[str, Mapping[str, float]]) -> Mapping[tuple[str, ...], float]:
        counts: dict[str, tuple[tuple[str, ...], float]] = {}
        for source, figures in publishers.items():
            if name in figures:
                counts[source] = _kind(source, kind_of_source), figures[name]
        return self._sums.setdefault(name, Sums()).add(counts)


def write_quality(sheet: Sheet, qualities: Mapping[str, Quality]) -> None:
    """Write how the sources sound that somebody hears: the loudest of a kind, and how many have what is amiss."""
    levels = {name: one.level_dbfs for name, one in qualities.items()}
    for (room, source), level in _by_kind(levels, kind_of_source, max).items():
        help = "Level of a source's speech, the loudest of its kind."
        sheet.gauge("source_level_dbfs", help, level, room=room, source=source)
    loudness = {name: one.loudness_lufs for name, one in qualities.items() if one.loudness_lufs is not None}
    for (room, source), loudest in _by_kind(loudness, kind_of_source, max).items():
        help = "Loudness of a source's speech over a minute, the loudest of its kind."
        sheet.gauge("source_loudness_lufs", help, loudest, room=room, source=source)
    counts: dict[tuple[str, str, str], int] = {}
    for name, one in qualities.items():
        room, source = _kind(name, kind_of_source)
        counts[room, source, one.reason.value] = counts.get((room, source, one.reason.value), 0) + 1
    for (room, source, reason), count in sorted(counts.items()):
        help = "Sources by what is to be said of their sound first; ok is nothing."
        sheet.gauge("source_quality", help, count, room=room, source=source, reason=reason)


def write_levels(sheet: Sheet, levels: Mapping[str, Level]) -> None:
    """Write how loud the buses are just now, as far as somebody has them measured."""
    buses = {name: one for name, one in levels.items() if kind_of_source(local_name(name)[1]) not in _SOURCES}
    for name, one in sorted(buses.items()):
        room, bus = _kind(name, kind_of_bus)
        sheet.gauge("bus_rms_dbfs", "Level of a bus, of the last 80 ms.", one.rms_dbfs, room=room, bus=bus)
        help = "Momentary loudness of a bus (400 ms, K-weighted)."
        sheet.gauge("bus_loudness_lufs", help, one.loudness_lufs, room=room, bus=bus)


def write_edges(sheet: Sheet, edges: Iterable[EdgeFigures]) -> None:
    """Write what is told of each edge, by its name; one that died stays until another of its name comes."""
    for edge in edges:
        name = edge.name
        sheet.gauge("edge_up", "1 while an edge is there, 0 when it died.", int(edge.is_alive), edge=name)
        sheet.gauge("edge_listeners", "Listeners at an edge.", edge.listeners, edge=name)
        sheet.gauge("edge_max_listeners", "Listeners that an edge takes.", edge.max_listeners, edge=name)
        sheet.gauge("edge_packets_per_second", "Packets that an edge sends a second.", edge.packets_per_s, edge=name)
        sheet.gauge("edge_cpu_ratio", "Share of one core that an edge uses.", edge.cpu_share, edge=name)


def _write_peers(sheet: Sheet, stats: EngineStats) -> None:
    sheet.gauge("peers", "WebRTC peers, also those that are still connecting.", stats.peers)
    sheet.gauge("peers_connected", "WebRTC peers whose media may flow.", stats.connected)
    for way, count in sorted(stats.ways.items()):
        sheet.gauge("peers_by_way", "Connected peers by the way they took to us.", count, way=way)
    for reason, count in sorted(stats.drops.items()):
        sheet.counter(
            "datagrams_dropped_total", "Datagrams that came and were not taken, by reason.", count, reason=reason
        )
    sheet.counter("packets_sent_total", "RTP packets sent.", stats.packets_sent)
    sheet.counter("packets_dropped_total", "RTP packets that the kernel did not take.", stats.packets_dropped)


def _write_streams(sheet: Sheet, streams: Mapping[str, Mapping[str, float]]) -> None:
    """Write what is told of each stream's packaging; a stream is a room's `live`, `rec` or `push`."""
    for name, figures in sorted(streams.items()):
        room, stream = local_name(name)
        for key, (metric, help) in _STREAM_GAUGES.items():
            if key in figures:
                value = figures[key] / 1000 if key.endswith("_ms") else figures[key]
                sheet.gauge(metric, help, value, room=room, stream=kind_of_source(stream))
        for key, (metric, help) in _STREAM_COUNTERS.items():
            if key in figures:
                sheet.counter(metric, help, figures[key], room=room, stream=kind_of_source(stream))


def _worst(name: str, publishers: Mapping[str, Mapping[str, float]]) -> Mapping[tuple[str, str], float]:
    """Return the greatest figure of that name by room and kind; what is told in milliseconds becomes seconds."""
    scale = 0.001 if name.endswith("_ms") else 1.0
    found = {source: figures[name] * scale for source, figures in publishers.items() if name in figures}
    return _by_kind(found, kind_of_source, max)


def _kind(name: str, kind: Callable[[str], str]) -> tuple[str, str]:
    room, local = local_name(name)
    return str(room), kind(local)


def _by_kind(
    figures: Mapping[str, float], kind: Callable[[str], str], together: Callable[[Iterable[float]], float]
) -> dict[tuple[str, str], float]:
    """Return figures by room and kind, those of one kind taken `together`."""
    groups: dict[tuple[str, str], list[float]] = {}
    for name, figure in figures.items():
        groups.setdefault(_kind(name, kind), []).append(figure)
    return {group: together(found) for group, found in sorted(groups.items())}


def _pictures(viewers: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Return subscribers by room and picture: the hall's own is `hall`, all small ones together are `face`."""
    found: dict[tuple[str, str], int] = {}
    for name, count in viewers.items():
        room, picture = local_name(name)
        group = str(room), kind_of_source(picture) or "hall"
        found[group] = found.get(group, 0) + count
    return dict(sorted(found.items()))
