"""Where things stand in the report's drawings: bars on lanes of time, and lines of listeners, in units of an SVG.

Pure sums; the template draws. What a bar is can be told without colour: each kind has a pattern and its word, each
line its own dashes, marks and name at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.daybook.timeline import Sample, Stretch, Timeline
from server.logbook_rooms import SAMPLE_S

WIDTH: Final = 1000
LEFT: Final = 130
RIGHT: Final = 20
LANE: Final = 34
PLOT_HEIGHT: Final = 220
_CHAR_WIDTH: Final = 7.2
_TICK_STEPS_S: Final = (60, 300, 600, 1800, 3600, 7200, 14_400)
_MOST_TICKS: Final = 12
_PADDING: Final = 0.02
# More than the longest step of a thinned day.
_GAP_S: Final = 150.0
_NICE: Final = (1, 2, 5)
LINES: Final = 8
"""So many kinds of lines can be told apart; more repeat."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch as drawn: `text` fits into it or is "", `title` is all of it in words."""

    x: float
    width: float
    kind: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of bars; `y` is its upper edge."""

    label: str
    y: float
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """Listeners of one channel by one way: `points` as an SVG polyline wants them, `look` 0 to 7."""

    name: str
    way: str
    channel: str
    look: int
    points: str
    end_x: float
    end_y: float
    most: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Time to x: from `since` to `until` (epoch seconds)."""

    since: float
    until: float

    def x(self, at: float) -> float:
        """Return where a moment stands."""
        share = (at - self.since) / max(1.0, self.until - self.since)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def ticks(self) -> list[Tick]:
        """Return whole hours or minutes, at most a dozen."""
        span = self.until - self.since
        step = next((one for one in _TICK_STEPS_S if span / one <= _MOST_TICKS), _TICK_STEPS_S[-1])
        offset = datetime.fromtimestamp(self.since).astimezone().utcoffset()
        shift = offset.total_seconds() if offset is not None else 0.0
        first = -(-(self.since + shift) // step) * step - shift
        count = int((self.until - first) // step) + 1 if first <= self.until else 0
        return [Tick(self.x(first + n * step), clock(first + n * step)) for n in range(count)]


def clock(at: float, *, seconds: bool = False) -> str:
    """Return a moment as a clock of the server's own zone shows it."""
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S" if seconds else "%H:%M")


def scale_of(timeline: Timeline) -> Scale:
    """Return the scale on which everything of the day is to be seen, and no empty night around it."""
    moments = [sample.at for sample in timeline.listeners if any(sample.counts.values())]
    moments += [loss.since for loss in timeline.losses] + [alarm.since for alarm in timeline.alarms]
    moments += [act.at for act in timeline.acts]
    for name, lane in timeline.lanes.items():
        for stretch in lane:
            if name == "venue" and stretch.facts.get("source"):
                moments += [stretch.since, stretch.until]
            elif stretch.since > timeline.since:
                moments.append(stretch.since)
    if not moments:
        return Scale(timeline.since, timeline.until)
    padding = (max(moments) - min(moments)) * _PADDING
    return Scale(max(timeline.since, min(moments) - padding), min(timeline.until, max(moments) + padding))


def lane_of(
    label: str,
    number: int,
    stretches: Iterable[Stretch],
    scale: Scale,
    say: Callable[[Stretch], tuple[str, str, str] | None],
) -> Lane:
    """Return a lane's bars; `say` gives a stretch's kind, short and whole words, or None for what is not drawn."""
    bars = []
    for stretch in stretches:
        said = say(stretch)
        since, until = max(stretch.since, scale.since), min(stretch.until, scale.until)
        if said is None or since >= until:
            continue
        kind, short, title = said
        x = scale.x(since)
        width = max(1.5, round(scale.x(until) - x, 1))
        text = short if len(short) * _CHAR_WIDTH + 8 <= width else ""
        times = f"{clock(stretch.since, seconds=True)}–{clock(stretch.until, seconds=True)}"
        bars.append(Bar(x, width, kind, text, f"{times} {title}"))
    return Lane(label, number * LANE, bars)


def lines_of(samples: Sequence[Sample], scale: Scale) -> tuple[list[Line], list[Tick]]:
    """Return the lines of listeners, the fullest first, and the marks of their axis."""
    samples = _with_gaps(samples)
    places = sorted({place for sample in samples for place in sample.counts})
    most = {place: max(sample.counts.get(place, 0) for sample in samples) for place in places}
    top = _nice(max([1.0, *most.values()]))
    shown = sorted((place for place in places if most[place]), key=lambda place: -most[place])
    found = []
    for look, place in enumerate(shown):
        way, _, channel = place.partition(":")
        points = [(scale.x(one.at), _y(one.counts.get(place, 0), top)) for one in samples]
        steps = _stepped([point for point in points if LEFT <= point[0] <= WIDTH])
        x, y = steps[-1] if steps else (LEFT, PLOT_HEIGHT)
        text = " ".join(f"{px},{py}" for px, py in steps)
        found.append(Line(place, way, channel, look % LINES, text, x, y, most[place]))
    marks = [Tick(_y(top * n / 4, top), f"{top * n / 4:g}") for n in range(5)]
    return found, marks


def _with_gaps(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples with nothing where none were taken: the room was empty, or the server away."""
    found: list[Sample] = []
    for sample in samples:
        if found and sample.at - found[-1].at > _GAP_S:
            found += [Sample(found[-1].at + SAMPLE_S, {}), Sample(sample.at, {})]
        found.append(sample)
    return found


def _stepped(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return corners in place of slopes, and nothing where nothing changes."""
    found: list[tuple[float, float]] = []
    for x, y in points:
        if found and found[-1][1] != y:
            found.append((x, found[-1][1]))
        if len(found) >= 2 and found[-1][1] == found[-2][1] == y:
            found[-1] = x, y
        else:
            found.append((x, y))
    return found


def _y(count: float, top: float) -> float:
    return round(PLOT_HEIGHT - count / top * (PLOT_HEIGHT - 10), 1)


def _nice(value: float) -> float:
    """Return the next of 4, 8, 20, 40, 80, 200, … that is no less."""
    step = 1
    while True:
        for factor in _NICE:
            if 4 * factor * step >= value:
                return 4 * factor * step
        step *= 10
