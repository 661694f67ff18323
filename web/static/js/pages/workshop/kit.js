// What a person speaks, looks and listens with. The test and the settings pick from the same lists.

import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { cameraWish, capture, deviceProblem, listDevices, microphoneWish, release } from "../devices.js";
import { byId, t } from "../shell.js";

const PREFS = "tolmach.workshop";

/** @typedef {"microphone" | "camera" | "output"} Device */
/** @type {Record<Device, import("../devices.js").DeviceKind>} */
const KINDS = { microphone: "audioinput", camera: "videoinput", output: "audiooutput" };

export class Kit {
  /** @type {MediaStream | null} */ microphone = null;
  /** @type {MediaStream | null} */ camera = null;
  /** Another program has the microphone, or it did not start: it may be free in a moment. */
  isMicrophoneBusy = false;
  #opening = { microphone: 0, camera: 0 };

  /**
   * @param {object} options
   * @param {() => void} options.onChange  another microphone or camera, or none
   * @param {(device: string) => void} options.onOutput
   * @param {(words: string) => void} options.complain
   */
  constructor({ onChange, onOutput, complain }) {
    this.onChange = onChange;
    this.onOutput = onOutput;
    this.complain = complain;
    this.prefs = readPrefs(browserStore("localStorage"), PREFS, {
      microphone: /** @type {string | null} */ (null),
      camera: /** @type {string | null} */ (null),
      output: "",
      headset: false,
      picture: false,
      volume: 1,
      name: "",
    });
    this.selects = [...document.querySelectorAll("select[data-device]")].filter((one) => one instanceof HTMLSelectElement);
    for (const select of this.selects) select.addEventListener("change", () => void this.#picked(select));
    for (const id of ["headset", "headset-inside"]) {
      byId(id, HTMLInputElement).addEventListener("change", ({ target }) => {
        void this.#wear(target instanceof HTMLInputElement && target.checked);
      });
    }
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.list());
    this.#showHeadset();
  }

  /** @param {Partial<Kit["prefs"]>} values */
  remember(values) {
    Object.assign(this.prefs, values);
    writePrefs(browserStore("localStorage"), PREFS, this.prefs);
  }

  /**
   * Open the microphone that is picked; with processing against echo, but for who wears a headset.
   * @returns {Promise<boolean>}
   */
  openMicrophone() {
    const audio = microphoneWish(this.prefs.microphone, !this.prefs.headset);
    return this.#open("microphone", { audio });
  }

  /** @returns {Promise<boolean>} */
  openCamera() {
    return this.#open("camera", { video: cameraWish(this.prefs.camera) });
  }

  /** @param {"microphone" | "camera"} device */
  close(device) {
    this.#opening[device] += 1;
    if (!this[device]) return;
    release(this[device]);
    this[device] = null;
    this.onChange();
  }

  /** Fill all lists anew. */
  async list() {
    if (!navigator.mediaDevices) return;
    const unnamed = (/** @type {number} */ n) => t("device.unnamed", { n });
    const canChoose = "setSinkId" in HTMLMediaElement.prototype;
    for (const select of this.selects) {
      const device = /** @type {Device} */ (select.dataset.device);
      const used = device === "output" ? this.prefs.output : idOf(this[device]);
      const isUsable = device !== "output" || canChoose;
      const count = isUsable ? await listDevices(select, KINDS[device], used ?? this.prefs[device], unnamed) : 0;
      const field = select.closest(".field");
      if (field instanceof HTMLElement) field.hidden = count === 0;
    }
  }

  /**
   * @param {"microphone" | "camera"} device
   * @param {MediaStreamConstraints} wish
   */
  async #open(device, wish) {
    const mine = ++this.#opening[device];
    if (device === "microphone") this.isMicrophoneBusy = false;
    try {
      const stream = await capture(wish);
      if (mine !== this.#opening[device]) {
        release(stream); // closed, or another one picked meanwhile
        return false;
      }
      const before = this[device];
      this[device] = stream;
      for (const track of stream.getTracks()) track.addEventListener("ended", () => void this.#lost(device, stream));
      this.complain("");
      this.onChange();
      release(before);
      await this.list();
      return true;
    } catch (error) {
      if (mine !== this.#opening[device]) return false;
      if (device === "microphone") this.isMicrophoneBusy = deviceProblem(error) === "device.busy";
      this.complain(t(problemOf(device, error)));
      return false;
    }
  }

  /**
   * @param {"microphone" | "camera"} device
   * @param {MediaStream} stream
   */
  async #lost(device, stream) {
    if (this[device] !== stream) return;
    this.close(device);
    const isBack = device === "microphone" ? await this.openMicrophone() : await this.openCamera();
    if (!isBack) this.complain(t("device.lost"));
  }

  /** @param {HTMLSelectElement} select */
  async #picked(select) {
    const device = /** @type {Device} */ (select.dataset.device);
    this.remember({ [device]: select.value });
    for (const other of this.selects) if (other.dataset.device === device) other.value = select.value;
    if (device === "output") this.onOutput(select.value);
    else if (device === "microphone") await this.openMicrophone();
    else if (this.camera) await this.openCamera();
  }

  /** @param {boolean} wears */
  async #wear(wears) {
    this.remember({ headset: wears });
    this.#showHeadset();
    if (this.microphone) await this.openMicrophone();
  }

  #showHeadset() {
    for (const id of ["headset", "headset-inside"]) byId(id, HTMLInputElement).checked = this.prefs.headset;
  }
}

/** @param {MediaStream | null} stream */
function idOf(stream) {
  return stream?.getTracks()[0]?.getSettings().deviceId;
}

/**
 * @param {"microphone" | "camera"} device
 * @param {unknown} error
 */
function problemOf(device, error) {
  const key = deviceProblem(error);
  return device === "camera" && key === "device.missing" ? "workshop.camera_missing" : key;
}
