"""The application's parts by their keys: what handlers may reach, named in one place.

`server.app` puts them there; each is opened and closed by the cleanup context that made it.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from server.alarms.watch import Alarms
from server.chain_tests import ChainTests
from server.conductor import Clocks, Conductor
from server.config import Config
from server.daybook.heard import Heard
from server.doorman import Doorman
from server.fleet import Fleet
from server.hub import Hub
from server.i18n import Translator
from server.joins import Joins
from server.lateness import Lateness
from server.limits import RateLimits
from server.livestream.broadcasts import Broadcasts
from server.logbook import Logbook
from server.logbook_rooms import Chronicle
from server.meters import Meters
from server.metrics import Metrics
from server.neighbours import Neighbours
from server.page_words import PageWords
from server.pushes.pushes import Pushes
from server.recordings.rooms import Recordings
from server.reels.reels import Reels
from server.revocations import Revocations
from server.telling import Telling
from server.templating import Templates

ALARMS: Final = web.AppKey("alarms", Alarms)
BROADCASTS: Final = web.AppKey("broadcasts", Broadcasts)
CHAIN_TESTS: Final = web.AppKey("chain_tests", ChainTests)
CHRONICLE: Final = web.AppKey("chronicle", Chronicle)
CONFIG: Final = web.AppKey("config", Config)
BOOT: Final = web.AppKey("boot", str)
"""The id of this start of the server; a page that sees another one connects anew at once."""
BOOT_HEADER: Final = "Tolmach-Boot"
"""The header by which WHIP's and WHEP's 201 name the process that took the session, as a WebSocket's welcome does."""
CONDUCTOR: Final = web.AppKey("conductor", Conductor)
FLEET: Final = web.AppKey("fleet", Fleet)
NEIGHBOURS: Final = web.AppKey("neighbours", Neighbours)
HEARD: Final = web.AppKey("heard", Heard)
HUB: Final = web.AppKey("hub", Hub)
JOINS: Final = web.AppKey("joins", Joins)
LATENESS: Final = web.AppKey("lateness", Lateness)
DOORMAN: Final = web.AppKey("doorman", Doorman)
LIMITS: Final = web.AppKey("limits", RateLimits)
LOGBOOK: Final = web.AppKey("logbook", Logbook)
METERS: Final = web.AppKey("meters", Meters)
METRICS: Final = web.AppKey("metrics", Metrics)
PUSHES: Final = web.AppKey("pushes", Pushes)
TELLING: Final = web.AppKey("telling", Telling)
TRANSLATOR: Final = web.AppKey("translator", Translator)
TEMPLATES: Final = web.AppKey("templates", Templates)
CLOCKS: Final = web.AppKey("clocks", Clocks)
PAGE_WORDS: Final = web.AppKey("page_words", PageWords)
REVOCATIONS: Final = web.AppKey("revocations", Revocations)
RECORDINGS: Final = web.AppKey("recordings", Recordings)
REELS: Final = web.AppKey("reels", Reels)
