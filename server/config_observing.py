"""What is told of how the server is observed.

[log]
format = "text"      # TOLMACH_LOG_FORMAT; "text" for people, "json" for programs, one object a line
level = "info"       # TOLMACH_LOG_LEVEL; "debug", "info", "warning" or "error"

[logbook]
keep_days = 90       # TOLMACH_LOGBOOK_KEEP_DAYS; what happened in the rooms is kept so long

[tracing]
endpoint = ""        # TOLMACH_TRACING_ENDPOINT, an OTLP collector, "http://localhost:4318/v1/traces"; "" is none
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from server.config_table import ConfigError, Table

ENVIRONMENT: Final = {
    "log.format": "TOLMACH_LOG_FORMAT",
    "log.level": "TOLMACH_LOG_LEVEL",
    "logbook.keep_days": "TOLMACH_LOGBOOK_KEEP_DAYS",
    "tracing.endpoint": "TOLMACH_TRACING_ENDPOINT",
}
_LEVELS: Final = ("debug", "info", "warning", "error")
_MOST_DAYS: Final = 3660


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ObservingConfig:
    """`tracing_endpoint` None means no traces."""

    log_format: LogFormat = LogFormat.TEXT
    log_level: str = "info"
    logbook_keep_days: int = 90
    tracing_endpoint: str | None = None


def parse_observing(table: Table) -> ObservingConfig:
    """Read the settings from the top of the file. Raises ConfigError."""
    log, logbook, tracing = table.table("log"), table.table("logbook"), table.table("tracing")
    config = ObservingConfig(
        log_format=LogFormat(_one_of(log, "format", "text", tuple(LogFormat))),
        log_level=_one_of(log, "level", "info", _LEVELS),
        logbook_keep_days=logbook.whole("keep_days", 90, 1, _MOST_DAYS),
        tracing_endpoint=_endpoint(tracing),
    )
    for own in (log, logbook, tracing):
        own.close()
    return config


def _one_of(table: Table, name: str, default: str, known: tuple[str, ...]) -> str:
    value = table.text(name, default)
    if value not in known:
        choice = ", ".join(f'"{one}"' for one in known)
        raise ConfigError(table.key(name), f"{value!r} is not known", f"Write one of {choice}")
    return value


def _endpoint(table: Table) -> str | None:
    url = table.text("endpoint", "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            table.key("endpoint"), f"{url!r} is no address", 'Write it as "http://localhost:4318/v1/traces"'
        )
    return url
