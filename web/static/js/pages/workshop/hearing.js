// What comes in: the sound the server chooses for this person, and the pictures. Opened once, moved by the server.

import { Listener } from "../../lib/whep.js";
import { isMoving, lookAtFilm, picturesFor } from "../../lib/workshop.js";
import { showLanguages } from "../watch/words.js";
import { byData, byId, page } from "../shell.js";

const sound = byId("sound", HTMLAudioElement);
const play = byId("play", HTMLButtonElement);
const volume = byId("volume", HTMLInputElement);
const buttons = byData("channel");
const PHONE = "(max-width: 40rem)";
const LOOK_MS = 500;

export class Hearing {
  /** @type {Listener | null} */ #listener = null;
  /** @type {Map<string, MediaStream>} by picture: "hall", "stage", "face:0" */
  pictures = new Map();
  /** @type {Map<string, import("../../lib/workshop.js").Film>} */ #films = new Map();
  /** @type {ReadonlySet<string>} the pictures that come just now */
  moving = new Set();

  /**
   * @param {import("./visit.js").Visit} visit
   * @param {import("./kit.js").Kit} kit
   * @param {() => void} onChange
   */
  constructor(visit, kit, onChange) {
    this.visit = visit;
    this.kit = kit;
    this.onChange = onChange;
    for (const [channel, button] of buttons) button.addEventListener("click", () => this.select(channel));
    play.addEventListener("click", () => this.#play());
    volume.value = String(kit.prefs.volume);
    volume.addEventListener("input", () => {
      kit.remember({ volume: volume.valueAsNumber });
      sound.volume = kit.prefs.volume;
    });
    sound.volume = kit.prefs.volume;
    setInterval(() => void this.#look(), LOOK_MS);
  }

  /** @returns {import("../../lib/session.js").Session | null} */
  get session() {
    return this.#listener?.session ?? null;
  }

  /** @param {string} channel */
  select(channel) {
    void this.visit.say("select_channel", { channel });
  }

  /** @param {number} index  0 is the original */
  selectAt(index) {
    const channel = [...buttons.keys()][index];
    if (channel !== undefined && this.visit.isThere) this.select(channel);
  }

  /** Open when one is in the room, end when one is not: nothing sounds for who was sent out. */
  follow() {
    if (this.visit.isThere) this.#open();
    else this.stop();
    showLanguages(this.visit.state, buttons, this.visit.own?.hears ?? null);
  }

  stop() {
    const listener = this.#listener;
    this.#listener = null; // first: its end is told to the page, which would end it again
    listener?.session.stop();
    sound.srcObject = null;
    this.pictures.clear();
    this.#films.clear();
    this.moving = new Set();
  }

  /** @param {string} device */
  async output(device) {
    if ("setSinkId" in sound) await sound.setSinkId(device).catch(() => {});
  }

  #open() {
    if (this.#listener) return;
    const listener = new Listener({
      room: page.room,
      token: page.token,
      pictures: picturesFor(matchMedia(PHONE).matches),
      wanted: { channel: this.visit.own?.hears ?? "floor", under: false, video: true },
      onTrack: (track, picture) => this.#receive(track, picture),
      onStatus: this.onChange,
    });
    this.#listener = listener;
    listener.session.start();
    void this.output(this.kit.prefs.output);
  }

  /**
   * @param {MediaStreamTrack} track
   * @param {string} picture
   */
  #receive(track, picture) {
    if (track.kind === "video") {
      this.pictures.set(picture, new MediaStream([track]));
      this.onChange();
      return;
    }
    sound.srcObject = new MediaStream([track]);
    this.#play();
  }

  /** See which pictures come: a slot without a camera has a track all the same. */
  async #look() {
    const report = await this.session?.peer?.getStats().catch(() => null);
    const entries = /** @type {Iterable<[string, any]>} */ (/** @type {unknown} */ (report ?? []));
    const now = performance.now();
    const frames = new Map([...entries].map(([, { trackIdentifier, framesReceived }]) => [trackIdentifier, framesReceived]));
    for (const [picture, stream] of this.pictures) {
      const count = frames.get(stream.getVideoTracks()[0]?.id) ?? 0;
      this.#films.set(picture, lookAtFilm(this.#films.get(picture), count, now));
    }
    const moving = new Set([...this.#films.keys()].filter((picture) => isMoving(this.#films.get(picture), now)));
    if ([...moving].join() === [...this.moving].join()) return;
    this.moving = moving;
    this.onChange();
  }

  #play() {
    play.hidden = true;
    sound.play().catch((error) => {
      play.hidden = error.name !== "NotAllowedError";
    });
  }
}
