// The left side: what comes into the interpreter's ears.

import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { languageName } from "../../lib/i18n.js";
import { FLOOR, channelWords } from "../../lib/state.js";
import { Listener } from "../../lib/whep.js";
import { byData, byId, light, page, press, t, write } from "../shell.js";

const PREFS = "tolmach.booth.listening";

/**
 * @param {import("./desk.js").Desk} desk
 * @param {() => void} onStatus
 */
export function mountListening(desk, onStatus) {
  const prefs = readPrefs(browserStore("localStorage"), PREFS, { volume: 0.8 });
  const sound = byId("sound", HTMLAudioElement);
  const picture = byId("picture", HTMLVideoElement);
  const note = byId("stage-note", HTMLElement);
  const volume = byId("volume", HTMLInputElement);
  const enable = byId("sound-enable", HTMLButtonElement);
  const buttons = byData("incoming");

  const listener = new Listener({
    room: page.room,
    token: page.token,
    wanted: { channel: FLOOR, under: false, video: true },
    onTrack: (track) => {
      const element = track.kind === "video" ? picture : sound;
      element.srcObject = new MediaStream([track]);
      if (element === sound) hear();
      else picture.play().catch(() => {});
    },
    onStatus,
  });

  /** The browser may hold the sound back after a reload, until a press. */
  function hear() {
    enable.hidden = true;
    sound.play().catch((error) => {
      enable.hidden = error.name !== "NotAllowedError";
    });
  }

  function show() {
    const floor = languageName(desk.state.floor_language, page.lang);
    for (const [channel, button] of buttons) {
      const { lamp, key } = channelWords(desk.state, channel);
      light(button, lamp, t(key, { language: floor }));
      press(button, channel === desk.incoming);
    }
    const isConnected = listener.session.status.state === "connected";
    note.hidden = isConnected && picture.videoWidth > 0 && desk.state.venue !== "lost";
    write(note, t(isConnected ? (desk.state.venue === "lost" ? "common.venue_lost" : "common.picture_coming") : "connection.connecting"));
    if (listener.session.status.state !== "idle") listener.listen({ channel: desk.incoming });
  }

  /** @param {number} index */
  function select(index) {
    const channel = [...buttons.keys()][index];
    if (channel !== undefined) void desk.say("select_incoming", { channel });
  }

  [...buttons.values()].forEach((button, i) => button.addEventListener("click", () => select(i)));
  enable.addEventListener("click", hear);
  picture.addEventListener("playing", show);
  sound.volume = prefs.volume;
  volume.value = String(prefs.volume);
  volume.addEventListener("input", () => {
    sound.volume = Number(volume.value);
    writePrefs(browserStore("localStorage"), PREFS, { volume: sound.volume });
  });
  desk.add({ show });
  return {
    session: listener.session,
    select,
    start: () => listener.listen({ channel: desk.incoming }),
    /** @param {string} output */
    useOutput: (output) => setOutput(sound, output),
  };
}

/**
 * Send an element's sound to other headphones, where the browser can.
 * @param {HTMLAudioElement} element
 * @param {string} output  device id; "" is the system's
 */
export async function setOutput(element, output) {
  if ("setSinkId" in element) await element.setSinkId(output).catch(() => {});
}
