// The test before one goes in: what comes out of the loudspeaker, what goes into microphone and camera. Nothing must.

import { judge } from "../../lib/sound.js";
import { audioContext, mountMeter } from "../meters.js";
import { byId, page, press, t, write } from "../shell.js";

const CHIME_HZ = [660, 880];
const NOTE_S = 0.45;

const picture = byId("test-picture", HTMLVideoElement);
const camera = byId("test-camera", HTMLInputElement);
const goIn = byId("go-in", HTMLButtonElement);
const name = byId("name", HTMLInputElement);
const speaks = byId("test-speaks", HTMLSelectElement);
const answers = { yes: byId("chime-yes", HTMLButtonElement), no: byId("chime-no", HTMLButtonElement) };

/** @typedef {{name: string, language: string | null}} Visitor */

export class Entry {
  #isKnown = false;

  /**
   * @param {import("./visit.js").Visit} visit
   * @param {import("./kit.js").Kit} kit
   * @param {(visitor: Visitor) => void} onGo
   */
  constructor(visit, kit, onGo) {
    this.visit = visit;
    this.kit = kit;
    this.meter = mountMeter(byId("test-level", HTMLElement), (peak) => {
      const words = kit.microphone ? t(`common.level_${judge(peak)}`) : "";
      if (visit.step === "test") write(byId("test-level-words", HTMLElement), words);
    });
    name.value = kit.prefs.name;
    speaks.value = speaks.querySelector(`[value="${CSS.escape(page.lang)}"]`) ? page.lang : "";
    byId("chime", HTMLButtonElement).addEventListener("click", () => void this.#chime());
    for (const word of /** @type {const} */ (["yes", "no"])) {
      answers[word].addEventListener("click", () => answer(word));
    }
    camera.addEventListener("change", () => this.#film(camera.checked));
    byId("go", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      onGo({ name: visit.name || name.value.trim(), language: speaks.value || null });
    });
  }

  /** Ask for the devices; guests are to be seen, participants when they wish. */
  async open() {
    const isGuest = this.visit.role === "speaker";
    if (isGuest || this.kit.prefs.picture) this.#film(true);
    await this.kit.openMicrophone();
    await this.kit.list();
  }

  /** The server has said who this is. */
  known() {
    this.#isKnown = true;
    const isNamed = this.visit.name !== "";
    byId("name-field", HTMLElement).hidden = isNamed;
    name.required = !isNamed;
    if (this.visit.own?.speaks) speaks.value = this.visit.own.speaks;
  }

  show() {
    const { kit } = this;
    goIn.disabled = !this.#isKnown || this.visit.isWireLost;
    this.meter.attach(kit.microphone);
    if (picture.srcObject !== kit.camera) picture.srcObject = kit.camera;
    camera.checked = kit.camera !== null;
    byId("test-picture-note", HTMLElement).hidden = kit.camera !== null;
  }

  /** @param {boolean} isWanted */
  #film(isWanted) {
    this.kit.remember({ picture: isWanted });
    if (isWanted) void this.kit.openCamera().then(() => this.show());
    else this.kit.close("camera");
  }

  async #chime() {
    byId("chime-answer", HTMLElement).hidden = false;
    await playChime(this.kit.prefs.output);
  }
}

/** @param {"yes" | "no"} word */
function answer(word) {
  for (const [one, button] of Object.entries(answers)) press(button, one === word);
  write(byId("chime-words", HTMLElement), t(`workshop.chime_${word}`));
}

/**
 * Two notes into the picked loudspeaker.
 * @param {string} device
 */
async function playChime(device) {
  const context = audioContext();
  await context.resume();
  const sink = new MediaStreamAudioDestinationNode(context);
  const now = context.currentTime + 0.1;
  CHIME_HZ.forEach((frequency, i) => {
    const note = new OscillatorNode(context, { frequency });
    const gain = new GainNode(context, { gain: 0 });
    const begin = now + i * NOTE_S;
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(0.2, begin + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + 2 * NOTE_S);
    note.connect(gain).connect(sink);
    note.start(begin);
    note.stop(begin + 2 * NOTE_S);
  });
  const audio = new Audio();
  audio.srcObject = sink.stream;
  if ("setSinkId" in audio) await audio.setSinkId(device).catch(() => {});
  await audio.play();
  setTimeout(() => (audio.srcObject = null), 4 * NOTE_S * 1000);
}
