"""The code that leads to a room's watch page: scanned in the hall, from a print or from a guide's phone.

It holds the public address and nothing personal. A closed room has none: to those not invited it does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Final

import segno
from aiohttp import web

from server.access import Handler
from server.keys import CONFIG

_QUIET_MODULES: Final = 4
"""The white border that readers need, in modules (ISO/IEC 18004, 9.1)."""


async def code(request: web.Request) -> web.Response:
    """GET /r/{room}/qr.svg: the code, as large as the page wants it."""
    room = request.match_info["room"]
    svg = draw_code(f"{request.app[CONFIG].public_url}/r/{room}")
    return web.Response(body=svg, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=3600"})


def draw_code(text: str) -> bytes:
    """Return a QR code (ISO/IEC 18004) as SVG, black on white; 15 % of it may be covered or scratched."""
    drawing = BytesIO()
    symbol = segno.make(text, error="m", micro=False)
    symbol.save(drawing, kind="svg", border=_QUIET_MODULES, light="white", omitsize=True, xmldecl=False)
    return drawing.getvalue()


HANDLERS: Final[Mapping[str, Handler]] = {"qr": code}
