"""The figures of the engine and its edges as those of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

from server.engine import EngineStats

# What one engine's figures say of its sources and its mixer has no sum.
_OWN_FIGURES: Final = ("mixer", "publishers", "streams")


def added(total: EngineStats, figures: Mapping[str, Any]) -> EngineStats:
    """Return `total` with an edge's figures added: numbers are summed, tables of numbers key by key.

    What is of another shape, or says something of sources and mixer, is left out.
    """
    changes: dict[str, Any] = {}
    for field in fields(total):
        ours, theirs = getattr(total, field.name), figures.get(field.name)
        if field.name in _OWN_FIGURES:
            continue
        if _is_number(ours) and _is_number(theirs):
            changes[field.name] = ours + theirs
        elif isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            numbers = {str(key): value for key, value in theirs.items() if _is_number(value)}
            changes[field.name] = {**ours, **{key: ours.get(key, 0) + value for key, value in numbers.items()}}
    return replace(total, **changes)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
