"""What goes with every answer: security headers, errors in one form, and the language they are in.

The headers follow OWASP ASVS 5.0 chapter 3 and are what Mozilla's Observatory asks for an A+. Errors are
`{"error": {"code", "text"}}` for programs and a page for people.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Final

from aiohttp import web

from media.errors import MediaError
from server.access import RULE, Handler
from server.doorman import CALLER, LANGUAGE_COOKIE
from server.i18n import LANGUAGE_NAMES, negotiate
from server.keys import BOOT, CONFIG, TEMPLATES, TRANSLATOR
from server.problems import Problem, code_of
from server.store.base import StoreUnavailable

_log = logging.getLogger(__name__)

_CSP: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "tolmach",
}
"""What goes with every answer, also with those that no handler gave."""
# A paper that is shown in a frame of our own has a policy of its own, stricter than a page's.
_MAY_DIFFER: Final = ("Content-Security-Policy", "X-Frame-Options")
# Powerful features by name; a page gets those its line in the access table lists, for itself alone.
_DEVICES: Final = ("camera", "microphone")
_NEVER: Final = ("display-capture", "geolocation", "midi", "payment", "usb")
# WHIP and WHEP are for programs of any origin (RFC 9725 section 4.9): they take a bearer and no cookie.
_CORS: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Retry-After, Tolmach-Edge, Tolmach-Boot",
}
# The livestream is played by pages and players of any origin, through any cache.
_OPEN: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Date, ETag, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PAGES: Final = ("/c/", "/r/", "/join/", "/desk")
_YEAR_S: Final = 365 * 24 * 3600
_STRICT: Final = f"max-age={_YEAR_S}; includeSubDomains"
_PROGRAMS: Final = (
    *("/whip/", "/whep/", "/ws", "/edge", "/healthz", "/readyz", "/metrics", "/static/", "/hls/"),
    "/papers/",
    "/rooms/",
)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Complete an answer's headers just before they are sent; a handler's own Cache-Control stands."""
    headers = response.headers
    for name, value in HEADERS.items():
        if name not in _MAY_DIFFER or name not in headers:
            headers[name] = value
    rule = request.get(RULE)
    if rule is not None and rule.is_embeddable:
        headers["Content-Security-Policy"] = _CSP.replace("frame-ancestors 'none'", "frame-ancestors *")
        del headers["X-Frame-Options"]
    headers["Permissions-Policy"] = _permissions(request)
    headers.setdefault("Cache-Control", "no-store")
    if request.app[CONFIG].public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = _STRICT
    if request.path.startswith(("/whip/", "/whep/")):
        headers.update(_CORS)
    elif request.path.startswith("/hls/"):
        headers.update(_OPEN)


@cache
def media_headers(is_secure: bool) -> Mapping[str, str]:
    """Return what `add_headers` gives to the livestream's answers, for those that are written beforehand."""
    nothing = ", ".join(f"{name}=()" for name in (*_DEVICES, *_NEVER))
    strict = {"Strict-Transport-Security": _STRICT} if is_secure else {}
    return {**HEADERS, "Permissions-Policy": nothing, **strict, **_OPEN}


def _remember_language(request: web.Request, response: web.StreamResponse) -> None:
    """Keep a page language that was asked for by `?lang=`, on personal links and error pages too."""
    lang = request.query.get("lang")
    if lang in LANGUAGE_NAMES:
        is_secure = request.app[CONFIG].public_url.startswith("https://")
        response.set_cookie(
            LANGUAGE_COOKIE, str(lang), max_age=_YEAR_S, path="/", httponly=True, samesite="Lax", secure=is_secure
        )


def _permissions(request: web.Request) -> str:
    rule = request.get(RULE)
    caller = request.get(CALLER)
    is_granted = rule is not None and (caller.role if caller else None) in rule.devices_for
    granted = rule.devices if rule and is_granted else ()
    own = [f"{name}=({'self' if name in granted else ''})" for name in _DEVICES]
    return ", ".join([*own, *(f"{name}=()" for name in _NEVER)])


def asked_language(request: web.Request) -> str:
    """Return the page language asked for: `?lang=`, else the cookie, else Accept-Language, else German."""
    wish = request.query.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return negotiate(wish, request.headers.get("Accept-Language"))


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make an answer of everything that is raised below, and remember the page's language when it is asked for."""
    response = await _answer(request, handler)
    if _is_page(request):
        _remember_language(request, response)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return error_response(request, problem)
    except StoreUnavailable:
        return error_response(request, Problem("store_unavailable", headers={"Retry-After": "5"}))
    except MediaError as error:
        return error_response(request, _of_media(error))
    except TimeoutError:
        return error_response(request, Problem("overloaded", headers={"Retry-After": "5"}))
    except web.HTTPException as answer:
        if answer.status < 400:
            raise
        return error_response(request, Problem(code_of(answer.status), answer.status, _allow(answer)))
    except ConnectionError:
        raise
    except Exception:
        rule = request.get(RULE)
        _log.exception("a request failed: %s", rule.name if rule else "no route")
        return error_response(request, Problem("internal"))


def error_response(request: web.Request, problem: Problem) -> web.StreamResponse:
    """Return the answer for a problem: a page where a person is reading, JSON where a program is."""
    lang = asked_language(request)
    translator = request.app[TRANSLATOR]
    known = problem.code if translator.has(f"error.{problem.code}") else code_of(problem.status)
    text = translator.error_text(lang, known)
    headers = dict(problem.headers)
    if problem.status == 401 and not _is_page(request):
        headers.setdefault("WWW-Authenticate", 'Bearer realm="tolmach"')
    if not _is_page(request):
        body: dict[str, object] = {"error": {"code": problem.code, "text": text}}
        return web.json_response(body, status=problem.status, headers=headers)
    page = {
        "page": "error",
        "boot": request.app[BOOT],
        "status": problem.status,
        "code": problem.code,
        "text": text,
        # A form that was refused is filled in once more; its page is at the same address.
        "again": request.path if request.method == "POST" else None,
    }
    headers["Content-Language"] = lang
    html = request.app[TEMPLATES].render("error", lang, page)
    return web.Response(text=html, status=problem.status, headers=headers, content_type="text/html")


def _is_page(request: web.Request) -> bool:
    if request.path == "/" or request.path.startswith(_PAGES):
        return True
    if request.path.startswith(_PROGRAMS):
        return False
    return "text/html" in request.headers.get("Accept", "")


def _of_media(error: MediaError) -> Problem:
    headers = {"Retry-After": "5"} if error.status == 503 else None
    return Problem(error.code, error.status, headers)


def _allow(answer: web.HTTPException) -> dict[str, str]:
    return {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else {}
