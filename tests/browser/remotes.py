"""People far away without a page of ours: a browser tab that hums, shows a colour, and says commands.

Sound and picture are computed, so that no device is asked for; they go out by the pages' own modules.
"""

from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page

from interpreting.roles import Role
from server.tokens import issue
from tests.browser.booths import SECRET, invitation
from tests.browser.stagehand import wait_until
from tests.browser.visits import Visitor

_COME: Final = """
async ({ room, token, id, hertz, colour }) => {
  const { Publisher } = await import("/static/js/lib/whip.js");
  const { Wire } = await import("/static/js/lib/wire.js");
  const context = new AudioContext({ sampleRate: 48000 });
  const sink = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  const sine = new OscillatorNode(context, { frequency: hertz });
  sine.connect(new GainNode(context, { gain: 0.3 })).connect(sink);
  sine.start();
  await context.resume();
  const tracks = sink.stream.getAudioTracks();
  if (colour) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
    const pen = canvas.getContext("2d");
    let step = 0;
    setInterval(() => {
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 640, 360);
      pen.fillStyle = "white";
      pen.fillRect(step++ % 600, 0, 40, 40);
    }, 66);
    tracks.push(...canvas.captureStream(15).getVideoTracks());
  }
  const far = (window.far = { state: null, status: "", context });
  far.publisher = new Publisher({
    room, token, stream: new MediaStream(tracks), onStatus: ({ state, code }) => (far.status = code ?? state),
  });
  far.wire = new Wire({
    url: `ws://${location.host}/ws?room=${room}&as=${id}`,
    prefix: String(Math.random()),
    handlers: { state: (state) => (far.state = state) },
  });
  far.wire.connect();
}
"""


@dataclass(frozen=True)
class Remote:
    """Somebody far away, on a tab of their own."""

    page: Page
    person: str

    def say(self, command: str, /, **args: object) -> dict[str, Any]:
        """Say a command and return its outcome."""
        outcome: dict[str, Any] = self.page.evaluate("([name, args]) => far.wire.command(name, args)", [command, args])
        return outcome

    def do(self, command: str, /, **args: object) -> None:
        """Say a command that must be carried out."""
        outcome = self.say(command, **args)
        assert outcome["kind"] == "done", (command, outcome)

    @property
    def state(self) -> dict[str, Any]:
        """The room as they see it."""
        state: dict[str, Any] = self.page.evaluate("far.state") or {}
        return state

    def send(self) -> None:
        """Send sound and picture, and wait until the connection stands."""
        self.page.evaluate("far.publisher.session.start()")
        wait_until(lambda: bool(self.page.evaluate("far.status === 'connected'")), f"{self.person} sends")

    def leave(self) -> None:
        """Go, with everything."""
        self.page.evaluate("(far.publisher.session.stop(), far.wire.end())")
        self.page.close()


def come(
    person: Visitor, role: Role, name: str, hertz: int, *, colour: str | None = None, booth: str | None = None
) -> Remote:
    """Come in from far away: humming, with a picture of one colour if there is one."""
    granted = invitation(role, name, booth)
    token = issue(SECRET, granted)
    page = person.open("/")
    person.context.add_cookies([{"name": f"tolmach_{granted.id}", "value": token, "url": person.server.url}])
    page.evaluate(_COME, {"room": "hall", "token": token, "id": granted.id, "hertz": hertz, "colour": colour})
    return Remote(page, granted.person)
