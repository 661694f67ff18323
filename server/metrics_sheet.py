"""A sheet of figures for Prometheus: families of numbers with their help and labels, filled anew at each scrape.

Names are `tolmach_…` in base units (seconds, bytes), counters end with `_total`. A label never holds a person, an
address or a session: what has a person in its name is told by its kind (`kind_of_source`, `kind_of_bus`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

PREFIX: Final = "tolmach_"


class Sheet:
    """Collects figures; a collector of `prometheus_client`. A family's labels are those of its first figure."""

    def __init__(self) -> None:
        self._families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}

    def gauge(self, name: str, help: str, value: float, **labels: str) -> None:
        """Write a figure that goes up and down."""
        family = self._families.get(name)
        if family is None:
            family = self._families[name] = GaugeMetricFamily(PREFIX + name, help, labels=tuple(labels))
        family.add_metric(tuple(labels.values()), value)

    def counter(self, name: str, help: str, value: float, **labels: str) -> None:
        """Write a figure that only grows while the server runs; `name` ends with `_total`."""
        family = self._families.get(name)
        if family is None:
            family = self._families[name] = CounterMetricFamily(PREFIX + name, help, labels=tuple(labels))
        family.add_metric(tuple(labels.values()), value)

    def collect(self) -> Iterator[Metric]:
        """Yield the families, as a registry asks for them."""
        yield from self._families.values()


class Sums:
    """Counts of many that come and go, added up by group so that a sum never falls.

    Each of the many counts from 0 for itself; when one is gone, what it counted stays in its group's sum.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], float] = {}
        self._seen: dict[str, float] = {}

    def add(self, counts: Mapping[str, tuple[tuple[str, ...], float]]) -> Mapping[tuple[str, ...], float]:
        """Take in the counts of all there are now, each with its group, and return the sums."""
        for name, (group, count) in counts.items():
            before = self._seen.get(name, 0.0)
            self._sums[group] = self._sums.get(group, 0.0) + (count - before if count >= before else count)
        self._seen = {name: count for name, (_, count) in counts.items()}
        return self._sums


def kind_of_source(source: str) -> str:
    """Return what a source is, without its person: `mic` for `mic:olha`."""
    return source.partition(":")[0]


def kind_of_bus(bus: str) -> str:
    """Return what a bus is, without its person: a channel by its name, `minus` for `minus:uk:olha`."""
    return bus.partition(":")[0]
