"""What aiohttp may write into the log on its own: that something failed, never who asked for what.

Its own words carry the caller's address, and the error of a request it could not read carries pieces of that
request, which may be a personal link or a bearer.
"""

from __future__ import annotations

import logging
from types import TracebackType

from aiohttp.http_exceptions import HttpProcessingError


def http_logger() -> logging.Logger:
    """Return the logger for aiohttp's side of connections. Requests that are no HTTP are told at level DEBUG alone."""
    logger = logging.getLogger("server.http")
    if not any(isinstance(one, _Nameless) for one in logger.filters):
        logger.addFilter(_Nameless())
    return logger


class _Nameless(logging.Filter):
    """Leaves of a record the class of its error and where in the code it came from."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        trace = record.exc_info[2] if record.exc_info else None
        is_theirs = isinstance(error, HttpProcessingError)
        record.exc_info = record.exc_text = record.stack_info = None
        record.msg, record.args = "a connection failed: %s%s", (type(error).__name__, _place(trace))
        if is_theirs:
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return not is_theirs or logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


def _place(trace: TracebackType | None) -> str:
    """Return where an error came from, the innermost line of code."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}" if trace is not None else ""
