"""The application's parts by their keys: what handlers may reach, named in one place.

`server.app` puts them there; each is opened and closed by the cleanup context that made it.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from server.chain_tests import ChainTests
from server.conductor import Clocks, Conductor
from server.config import Config
from server.doorman import Doorman
from server.fleet import Fleet
from server.hub import Hub
from server.i18n import Translator
from server.lateness import Lateness
from server.limits import RateLimits
from server.livestream.broadcasts import Broadcasts
from server.pushes.pushes import Pushes
from server.recordings.rooms import Recordings
from server.revocations import Revocations
from server.templating import Templates

BROADCASTS: Final = web.AppKey("broadcasts", Broadcasts)
CHAIN_TESTS: Final = web.AppKey("chain_tests", ChainTests)
CONFIG: Final = web.AppKey("config", Config)
BOOT: Final = web.AppKey("boot", str)
"""The id of this start of the server; a page that sees another one connects anew at once."""
CONDUCTOR: Final = web.AppKey("conductor", Conductor)
FLEET: Final = web.AppKey("fleet", Fleet)
HUB: Final = web.AppKey("hub", Hub)
LATENESS: Final = web.AppKey("lateness", Lateness)
DOORMAN: Final = web.AppKey("doorman", Doorman)
LIMITS: Final = web.AppKey("limits", RateLimits)
PUSHES: Final = web.AppKey("pushes", Pushes)
TRANSLATOR: Final = web.AppKey("translator", Translator)
TEMPLATES: Final = web.AppKey("templates", Templates)
CLOCKS: Final = web.AppKey("clocks", Clocks)
REVOCATIONS: Final = web.AppKey("revocations", Revocations)
RECORDINGS: Final = web.AppKey("recordings", Recordings)
