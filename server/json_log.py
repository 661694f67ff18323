"""How the log looks: for people as Python writes it, or one JSON object a line for programs.

A line of JSON has `time` (ISO 8601, UTC), `level`, `logger`, `message`, `room` where the record says one, and `error`
and `trace` where it tells of an exception. Of an exception the trace is told without the values of its text: a message
of a library may repeat what a browser sent.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, TextIO

from server.config_observing import LogFormat, ObservingConfig

_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """Writes a record as one object. What `extra={"room": …}` gave stands in it as `room`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        room = getattr(record, "room", None)
        if room is not None:
            said["room"] = str(room)
        if record.exc_info and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__
            said["trace"] = _places(record.exc_info[2])
        return json.dumps(said, ensure_ascii=False, default=str)


def set_up_log(config: ObservingConfig, stream: TextIO | None = None) -> logging.Handler:
    """Have every record written to `stream` (standard error) as configured; the handler is returned to be removed."""
    handler = logging.StreamHandler(stream or sys.stderr)
    is_json = config.log_format is LogFormat.JSON
    handler.setFormatter(JsonFormatter() if is_json else logging.Formatter(_TEXT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(config.log_level.upper())
    # What these say below names addresses, and the last one personal links too.
    for talkative in ("aioice", "aiortc", "aiohttp.access"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    return handler


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
