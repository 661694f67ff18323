"""A hybrid workshop whole: a hall, two who speak from afar in different languages, two booths, listeners; by frequency.

Everybody is a page of ours, in one browser whose microphones hum. One workshop is lived through from its first minute;
each test goes on where the one before it stopped.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Playwright

from deploy.load.actors import Person
from deploy.load.troupe import ROOM, Troupe
from interpreting.roles import Role
from tests.browser.attendees import at_the_test, go_in, moderating, person_of, until_speech
from tests.browser.booths import Line
from tests.browser.stagehand import EARS, Server, chromium, hear, hears, strength, wait_until
from tests.browser.test_workshop import MUST_OWN_DB, is_sending
from tests.browser.visits import DIRECT, Visitor, go_live, listen, take_test, until_air, visitor

# The hall, two who speak from afar, two interpreters: no tone is a sum or difference of others.
HALL, IVAN, MARY, OLENA, MARIA = 500, 1150, 1850, 2700, 3650
ALL: Final = (HALL, IVAN, MARY, OLENA, MARIA)
TARAS: Final = 4550
# A tone that is there is some 20 dB above the first, one that is not is far below the second.
PRESENT: Final = -45
SILENT: Final = -62
RETURN: Final = "#return-sound"
SOUND: Final = "#sound"
MUST_SILENT_MS: Final = 1000
MUST_FREE_S: Final = 3
# A microphone that hums, and no camera: sound alone is what is looked at here.
_HUM: Final = """
let hum = null;
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
  if (video) throw new DOMException("", "NotFoundError");
  if (!hum) {
    const context = new AudioContext({ sampleRate: 48000 });
    const sine = new OscillatorNode(context, { frequency: HERTZ });
    hum = new GainNode(context, { gain: 0.2 });
    sine.connect(hum);
    sine.start();
    await context.resume();
  }
  const sink = new MediaStreamAudioDestinationNode(hum.context, { channelCount: 1 });
  hum.connect(sink);
  return sink.stream;
};
"""
_EVERY_MS: Final = 30
_NOTE: Final = """
async ({ selector, tones }) => {
  const context = new AudioContext();
  await context.resume();
  const stream = window.__ears?.stream ?? document.querySelector(selector).srcObject;
  const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(stream).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const at = tones.map((tone) => Math.round((tone * analyser.fftSize) / context.sampleRate));
  const notes = [];
  const started = Promise.withResolvers();
  const timer = setInterval(() => {
    analyser.getFloatFrequencyData(bins);
    const strengths = at.map((bin) => Math.max(...bins.slice(bin - 1, bin + 2), -200));
    if (Math.max(...strengths) > -45) started.resolve();
    notes.push([Date.now(), ...strengths]);
  }, 30);
  window.tolmachNotes = () => (clearInterval(timer), void context.close(), notes);
  await started.promise;
  notes.length = 0;
}
"""


@dataclass(frozen=True)
class Place:
    """Where something is heard."""

    page: Page
    selector: str = SOUND


class Notes:
    """What some places play from now on, several times in 100 ms."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        for place in places:
            place.page.evaluate(_NOTE, {"selector": place.selector, "tones": ALL})

    def collect(self) -> list[list[list[float]]]:
        """For each place its moments: wall clock in ms, and the strength of each of `ALL` in dB. Ends the notes."""
        return [place.page.evaluate("tolmachNotes()") for place in self._places]


def silent_after_ms(moments: list[list[float]], tone: int, since_ms: float) -> float:
    """How long after a moment a tone was there for the last time."""
    column = 1 + ALL.index(tone)
    return max((moment[0] for moment in moments if moment[column] > SILENT), default=-math.inf) - since_ms


def longest_gap_ms(moments: list[list[float]], tone: int) -> float:
    """The longest time that was seen without a tone."""
    column = 1 + ALL.index(tone)
    runs = [list(run) for is_there, run in groupby(moments, lambda one: one[column] > PRESENT) if not is_there]
    return max((run[-1][0] - run[0][0] + _EVERY_MS for run in runs), default=0.0)


@dataclass
class Hybrid:
    """Who is there; `chair` is a moderator's line, `moderator` a moderator's page."""

    company: Troupe
    house: Server
    chair: Line
    moderator: Page
    hall: Page
    ivan: Page
    mary: Page
    olena: Page
    maria: Page
    online: Page
    uk: Page

    @property
    def floors(self) -> list[Place]:
        """Where the floor is heard whole, or whole but for the hall."""
        return [Place(self.online), Place(self.olena), Place(self.maria), Place(self.hall, RETURN)]

    def give_floor(self, page: Page, name: str) -> None:
        """Let somebody raise a hand and give them the floor."""
        page.click("#hand")
        person = person_of(self.chair, name)
        wait_until(lambda: is_sending(self.chair, person), f"{name} has connected")
        self.chair.say("give_floor", person=person)
        until_speech(page, "heard")


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def hybrid(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hybrid]:
    company = Troupe(tmp_path_factory.mktemp("house"))
    house = Server(tmp_path_factory.mktemp("unused"), company.house.port)
    with ExitStack() as stack:
        company.start()
        stack.callback(company.end)
        company.run(company.house.start())

        def person(hertz: int) -> Visitor:
            one = stack.enter_context(visitor(browser, house, lang="en", may_fail=True))
            one.context.add_init_script(_HUM.replace("HERTZ", str(hertz)))
            return one

        def afar(name: str, hertz: int, speaks: str) -> Page:
            page = at_the_test(person(hertz), company, name)
            go_in(page, speaks)
            return page

        def console(name: str, hertz: int, booth: str) -> Page:
            one = person(hertz)
            one.context.add_init_script(EARS)
            page = one.open(company.link(Role.INTERPRETER, name, booth))
            take_test(page)
            return page

        chair = stack.enter_context(moderating(company))
        chair.say("set_follow_speaker", follows=False)
        audience = person(HALL)
        hall = person(HALL).open(company.link(Role.VENUE, "hall"))
        go_live(hall)
        hall.check("#return-on")
        yield Hybrid(
            company,
            house,
            chair,
            audience.open(company.link(Role.MODERATOR, "Second")),
            hall,
            afar("Ivan", IVAN, "uk"),
            afar("Mary", MARY, "en"),
            console("Olena", OLENA, "de-uk"),
            console("Maria", MARIA, "en"),
            audience.open(f"/r/{ROOM}{DIRECT}"),
            audience.open(f"/r/{ROOM}{DIRECT}"),
        )


def margin_db(place: Place, wanted: Sequence[int]) -> float:
    """Wait until all of `wanted` and nothing else is heard; how far the rest is below the weakest of them, in dB.

    It is the best of some looks: while a browser's buffer still finds its length, its stretching smears tones.
    """
    others = [tone for tone in ALL if tone not in wanted]
    last: list[float] = []

    def look() -> float:
        last[:] = hear(place.page, [*wanted, *others], selector=place.selector, ms=400) or []
        if not last or min(last[: len(wanted)]) < PRESENT:
            return -math.inf
        return min(last[: len(wanted)]) - max(last[len(wanted) :])

    try:
        wait_until(lambda: look() >= MUST_OWN_DB, f"{wanted} Hz and nothing else", 15)
    except AssertionError as error:
        raise AssertionError(f"{error}; last heard {last} at {place.page.url}") from None
    return max(look() for _ in range(4))


def test_all_are_at_work(hybrid: Hybrid) -> None:
    for page, language in ((hybrid.olena, "uk"), (hybrid.maria, "en")):
        page.click(f'[data-outgoing="{language}"]')
        page.click("#on-air")
        until_air(page, "on_air")
    listen(hybrid.online, "floor")
    listen(hybrid.uk, "uk")
    for page in (hybrid.ivan, hybrid.mary):
        page.click('[data-channel="floor"]')
    hears(hybrid.online, HALL, [IVAN, MARY], seconds=15)


def test_everybody_hears_what_is_theirs_and_nobody_themselves(hybrid: Hybrid) -> None:
    hybrid.give_floor(hybrid.ivan, "Ivan")
    hybrid.give_floor(hybrid.mary, "Mary")
    expected = {
        "online floor": (Place(hybrid.online), [HALL, IVAN, MARY]),
        "online uk": (Place(hybrid.uk), [OLENA]),
        "booth de-uk": (Place(hybrid.olena), [HALL, IVAN, MARY]),
        "booth en": (Place(hybrid.maria), [HALL, IVAN, MARY]),
        "the hall's return": (Place(hybrid.hall, RETURN), [IVAN, MARY]),
        "Ivan, floor": (Place(hybrid.ivan), [HALL, MARY]),
        "Mary, floor": (Place(hybrid.mary), [HALL, IVAN]),
    }
    margins = {name: margin_db(place, wanted) for name, (place, wanted) in expected.items()}
    for name, margin in margins.items():
        print(f"{name}: what is not theirs is {-margin:.0f} dB")
    worst = min(margins.values())
    print(f"worst: {-worst:.0f} dB")
    assert worst >= MUST_OWN_DB


def test_a_channel_is_changed_while_speaking(hybrid: Hybrid) -> None:
    notes = Notes(hybrid.floors)
    margins = []
    for page, channel, wanted in (
        (hybrid.ivan, "uk", [OLENA]),
        (hybrid.mary, "en", [MARIA]),
        (hybrid.ivan, "floor", [HALL, MARY]),
        (hybrid.mary, "floor", [HALL, IVAN]),
    ):
        page.click(f'[data-channel="{channel}"]')
        margins.append(margin_db(Place(page), wanted))
    gaps = [longest_gap_ms(moments, tone) for moments in notes.collect() for tone in (IVAN, MARY)]
    print(f"own voice at worst {-min(margins):.0f} dB; the longest gap for others {max(gaps):.0f} ms")
    assert min(margins) >= MUST_OWN_DB
    assert max(gaps) < 500


def test_who_loses_the_floor_is_heard_nowhere_and_the_others_go_on(hybrid: Hybrid) -> None:
    places = [*hybrid.floors, Place(hybrid.mary)]
    ivan = person_of(hybrid.chair, "Ivan")
    notes = Notes(places)
    since_ms = time.time() * 1000
    hybrid.chair.say("take_floor", person=ivan)
    time.sleep(2)
    heard = notes.collect()
    silent_ms = [silent_after_ms(moments, IVAN, since_ms) for moments in heard]
    print(f"taken from the floor to silent: {max(silent_ms):.0f} ms at worst")
    assert all(0 < one <= MUST_SILENT_MS for one in silent_ms), silent_ms
    gaps = [longest_gap_ms(moments, MARY) for moments in heard[:-1]]
    gaps += [longest_gap_ms(moments, HALL) for moments in (heard[0], heard[1], heard[2], heard[4])]
    print(f"the longest gap of the others: {max(gaps):.0f} ms")
    assert max(gaps) < 500
    until_speech(hybrid.ivan, "listening")
    assert margin_db(Place(hybrid.uk), [OLENA]) >= MUST_OWN_DB
    assert margin_db(Place(hybrid.ivan), [HALL, MARY]) >= MUST_OWN_DB


def free_after_s(hybrid: Hybrid, name: str, since_ms: float) -> float:
    """Wait until the moderator's page shows the floor without somebody and says why; after how long it was free."""
    speakers, notices = hybrid.moderator.locator("#speakers strong"), hybrid.moderator.locator("#notices")
    wait_until(lambda: name not in speakers.all_inner_texts(), f"the floor is free of {name}", 6)
    shown_ms = time.time() * 1000 - since_ms
    wait_until(lambda: f"{name} could not be heard any more" in notices.inner_text(), "the moderator is told", 2)
    person_of(hybrid.chair, name)
    free_ms = max(lost["at"] for lost in hybrid.chair.state["floor_lost"] if lost["name"] == name) - since_ms
    print(f"{name}: the floor is free after {free_ms:.0f} ms, the moderator's page says so after {shown_ms:.0f} ms")
    return float(free_ms) / 1000


class FarPerson(Person):
    """Somebody who takes part, without a browser."""

    async def _open_voice(self) -> None:
        await self.page.command("enter_room", name=self.name, language="uk")
        await super()._open_voice()


def cut_off(hybrid: Hybrid, taras: FarPerson) -> None:
    """The network of the media dies; the page's is another."""
    taras.cut_off()


def kill(hybrid: Hybrid, taras: FarPerson) -> None:
    """Everything ends at once, and nothing is said."""
    hybrid.company.run(taras.vanish())


@pytest.mark.parametrize("end", [cut_off, kill])
def test_a_network_that_dies_on_the_floor_frees_it(hybrid: Hybrid, end: Callable[[Hybrid, FarPerson], None]) -> None:
    name = f"Taras-{end.__name__.replace('_', '-')}"
    taras = FarPerson(hybrid.company.house, Role.PARTICIPANT, name, TARAS)
    hybrid.company.run(taras.open())
    try:
        hybrid.chair.say("give_floor", person=person_of(hybrid.chair, name))
        wait_until(lambda: strength(hybrid.online, TARAS) > PRESENT, "he is heard")
        notes = Notes([Place(hybrid.online)])
        since_ms = time.time() * 1000
        end(hybrid, taras)
        free_s = free_after_s(hybrid, name, since_ms)
        assert free_s <= MUST_FREE_S
        assert longest_gap_ms(notes.collect()[0], MARY) < 500
        assert strength(hybrid.online, TARAS) < SILENT
    finally:
        hybrid.company.run(taras.aclose())


def test_a_page_that_dies_on_the_floor_frees_it(hybrid: Hybrid) -> None:
    notes = Notes([Place(hybrid.online), Place(hybrid.olena)])
    hybrid.mary.context.set_offline(True)
    hybrid.mary.close()
    since_ms = time.time() * 1000
    free_s = free_after_s(hybrid, "Mary", since_ms)
    assert free_s <= MUST_FREE_S
    assert max(longest_gap_ms(moments, HALL) for moments in notes.collect()) < 500
    assert margin_db(Place(hybrid.online), [HALL]) >= MUST_OWN_DB
    hybrid.give_floor(hybrid.ivan, "Ivan")
    assert margin_db(Place(hybrid.hall, RETURN), [IVAN]) >= MUST_OWN_DB
    assert margin_db(Place(hybrid.online), [HALL, IVAN]) >= MUST_OWN_DB
