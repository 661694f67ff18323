// The left side: what comes into the interpreter's ears, and the picture that goes with it.

import { languageName } from "../../lib/i18n.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { FLOOR, channelWords, pictureKey } from "../../lib/state.js";
import { Listener } from "../../lib/whep.js";
import { byData, byId, light, page, press, t, write } from "../shell.js";

const PREFS = "tolmach.booth.listening";

const sound = byId("sound", HTMLAudioElement);
const picture = byId("picture", HTMLVideoElement);
const note = byId("stage-note", HTMLElement);
const enable = byId("sound-enable", HTMLButtonElement);
const incoming = byData("incoming");

export class Listening {
  #listener;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {() => void} onStatus
   */
  constructor(desk, onStatus) {
    this.desk = desk;
    this.#listener = new Listener({
      room: page.room,
      token: page.token,
      wanted: { channel: FLOOR, under: false, video: true },
      onTrack: play,
      onStatus,
    });
    [...incoming.values()].forEach((button, i) => button.addEventListener("click", () => this.select(i)));
    enable.addEventListener("click", hear);
    picture.addEventListener("playing", () => this.show());
    mountVolume();
    desk.add(this);
  }

  /** @returns {import("../../lib/session.js").Session} */
  get session() {
    return this.#listener.session;
  }

  /**
   * Begin to listen, into these headphones.
   * @param {string} output  device id; "" is the system's
   */
  start(output) {
    void setOutput(sound, output);
    this.#listener.listen({ channel: this.desk.incoming });
  }

  /** @param {number} index */
  select(index) {
    const channel = [...incoming.keys()][index];
    if (channel !== undefined) void this.desk.say("select_incoming", { channel });
  }

  show() {
    const { state, incoming: selected } = this.desk;
    const floor = languageName(state.floor_language, page.lang);
    for (const [channel, button] of incoming) {
      const { lamp, key } = channelWords(state, channel);
      light(button, lamp, t(key, { language: floor }));
      press(button, channel === selected);
    }
    this.#showNote();
    if (this.session.status.state !== "idle") this.#listener.listen({ channel: selected });
  }

  #showNote() {
    const isConnected = this.session.status.state === "connected";
    const hasPicture = isConnected && picture.videoWidth > 0;
    const key = isConnected ? pictureKey(this.desk.state, hasPicture) : "connection.connecting";
    note.hidden = key === null;
    note.dataset.over = String(hasPicture);
    write(note, key === null ? "" : t(key));
  }
}

/** @param {MediaStreamTrack} track */
function play(track) {
  const element = track.kind === "video" ? picture : sound;
  element.srcObject = new MediaStream([track]);
  if (element === sound) hear();
  else picture.play().catch(() => {});
}

/** The browser may hold the sound back after a reload, until a press. */
function hear() {
  enable.hidden = true;
  sound.play().catch((error) => {
    enable.hidden = error.name !== "NotAllowedError";
  });
}

function mountVolume() {
  const volume = byId("volume", HTMLInputElement);
  sound.volume = readPrefs(browserStore("localStorage"), PREFS, { volume: 0.8 }).volume;
  volume.value = String(sound.volume);
  volume.addEventListener("input", () => {
    sound.volume = Number(volume.value);
    writePrefs(browserStore("localStorage"), PREFS, { volume: sound.volume });
  });
}

/**
 * Send an element's sound to other headphones, where the browser can.
 * @param {HTMLAudioElement} element
 * @param {string} output  device id; "" is the system's
 */
export async function setOutput(element, output) {
  if ("setSinkId" in element) await element.setSinkId(output).catch(() => {});
}
