"""aiohttp's side of connections, taught discretion: what it answers and logs before a request reaches the application.

Left alone it tells its version, sends pieces of what it could not read back, unpacks bodies, and logs the caller's
address beside the error's words, which may hold a personal link. The only file that touches aiohttp's server insides.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from types import TracebackType
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from server.security import HEADERS

LINGER_S: Final = 2.0


class Front(web.AppRunner):
    """Serves an application: connections without a whole request for `idle_s` are closed."""

    def __init__(self, app: web.Application, idle_s: float, shutdown_s: float) -> None:
        super().__init__(
            app,
            access_log=None,  # it would write addresses and personal links
            logger=http_logger(),
            keepalive_timeout=idle_s,
            shutdown_timeout=shutdown_s,
            lingering_time=LINGER_S,  # what is left of a body that was refused
            auto_decompress=False,  # nobody we know packs what they send, and bombs are packed
        )

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            **made._kwargs,
        )


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class _Handler(RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer by the status alone, with the headers that every answer has; the connection is closed."""
        refused = super().handle_error(request, status, exc, "")
        known = HTTPStatus(refused.status)
        response = web.Response(status=known, text=f"{known} {known.phrase}\n", headers=HEADERS)
        response.force_close()
        return response


def http_logger() -> logging.Logger:
    """Return the logger for aiohttp's side of connections. What callers do wrong is told at level DEBUG alone."""
    logger = logging.getLogger("server.http")
    if not any(isinstance(one, _Nameless) for one in logger.filters):
        logger.addFilter(_Nameless())
    return logger


class _Nameless(logging.Filter):
    """Leaves of a record the class of its error and where in the code it came from."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        trace = record.exc_info[2] if record.exc_info else None
        record.exc_info = record.exc_text = record.stack_info = None
        record.msg, record.args = "a connection failed: %s%s", (type(error).__name__, _place(trace))
        if not isinstance(error, HttpProcessingError | ConnectionError):
            return True
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


def _place(trace: TracebackType | None) -> str:
    """Return where an error came from, the innermost line of code."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}" if trace is not None else ""
