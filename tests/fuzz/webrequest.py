"""A request as handlers see it: path, query, headers and body out of fuzzed lines, and everything that reads them.

Splitting HTTP itself is aiohttp's work and not fuzzed here.
"""

import functools
import tempfile
from pathlib import Path
from unittest import mock

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from server import doorman, ice_patch, limits, origins, pages, security, tokens, whep
from server.config import load_config
from server.keys import CONFIG
from server.problems import Problem

SECRET = "0123456789abcdef0123456789abcdef"
_MOST_HEADERS = 40
_CONTROLS = {code: None for code in (*range(32), 127) if code != 10}


@functools.cache
def _app() -> web.Application:
    app = web.Application()
    with tempfile.TemporaryDirectory() as folder:
        app[CONFIG] = load_config(None, {"TOLMACH_DATA": str(Path(folder)), "TOLMACH_SECRET": SECRET})
    return app


@functools.cache
def _template() -> web.Request:
    request = make_mocked_request("GET", "/", app=_app())
    # A mock's attributes are made anew at every look, which would be most of the time spent here.
    request._protocol = mock.NonCallableMock(spec=RequestHandler)
    request._protocol.__dict__ |= {"ssl_context": None, "peername": ("127.0.0.1", 5), "transport": None}
    return request


def _request(method: str, target: str, headers: CIMultiDict[str]) -> web.Request:
    """A request from this machine. Raises ValueError for an address that aiohttp's parser would refuse before."""
    known = _template()
    message = known._message._replace(
        method=method, path=target, headers=CIMultiDictProxy(headers), url=URL(target, encoded=True)
    )
    made = web.Request(
        message,
        known._payload,
        known._protocol,
        known._payload_writer,
        known._task,
        known._loop,
        client_max_size=1024,
    )
    made._match_info = known._match_info
    made._cache["remote"] = "127.0.0.1"
    _ = made.query
    return made


def feed_web(wire: bytes) -> None:
    """All that is read of a request: limits, cookies, bearer, origin, language, query, If-Match, body."""
    head, _, body = wire.partition(b"\n\n")
    # As aiohttp's parser gives it: no control characters, odd bytes as lone surrogates.
    first, *lines = head.decode("utf-8", "surrogateescape").translate(_CONTROLS).split("\n")
    method, _, target = first.partition(" ")
    headers = CIMultiDict(
        (name, value.strip()) for name, _, value in (line.partition(":") for line in lines[:_MOST_HEADERS])
    )
    try:
        request = _request(method, target, headers)
    except ValueError:
        return
    problems = [problem for read in _READERS if (problem := _refusal(read, request)) is not None]
    whep.parse_wish(body)
    if problems:
        raise problems[0]


def _refusal(read: object, request: web.Request) -> Exception | None:
    assert callable(read)
    try:
        read(request)
    except (Problem, tokens.TokenError) as problem:
        return problem
    return None


def _limits(request: web.Request) -> None:
    address = limits.client_address(request, request.app[CONFIG].trusted_proxies)
    limits.address_key(address)


def _cookies(request: web.Request) -> None:
    for value in list(request.cookies.values())[: doorman.MAX_COOKIES_READ]:
        tokens.read(SECRET, value)


def _bearer(request: web.Request) -> None:
    token = doorman.bearer_of(request)
    if token is not None:
        tokens.read(SECRET, token)


def _under(request: web.Request) -> None:
    whep._is_under(request.query.get("original", "none"))


def _type(request: web.Request) -> None:
    limits.require_type(request, "application/sdp")


_READERS = (
    _limits,
    _cookies,
    _bearer,
    _under,
    _type,
    origins.check_origin,
    ice_patch._etags,
    security.asked_language,
    security._is_page,
    pages._is_at_the_machine,
)
