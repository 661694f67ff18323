// Cameras, microphones and headphones: asking for them and letting a person pick.

import { wakeSound } from "./meters.js";

/** @typedef {"videoinput" | "audioinput" | "audiooutput"} DeviceKind */

/** Why a device could not be opened, by the browser's name for it. */
const REASONS = /** @type {Record<string, string>} */ ({
  NotAllowedError: "device.denied",
  SecurityError: "device.denied",
  NotFoundError: "device.missing",
  OverconstrainedError: "device.missing",
  NotReadableError: "device.busy",
  NotSupportedError: "device.no_webrtc",
  AbortError: "device.busy",
});

/**
 * @param {unknown} error
 * @returns {string} key of a sentence that says what to do
 */
export function deviceProblem(error) {
  if (!navigator.mediaDevices) return "device.insecure";
  return REASONS[error instanceof DOMException ? error.name : ""] ?? "device.failed";
}

/**
 * Open devices. A page that captures may sound without a press, so after a reload it is heard again at once.
 * @param {MediaStreamConstraints} wish
 * @returns {Promise<MediaStream>} rejects as getUserMedia does, and where the browser could send nothing
 */
export async function capture(wish) {
  if (!("RTCPeerConnection" in globalThis)) throw new DOMException("no WebRTC", "NotSupportedError");
  const stream = await navigator.mediaDevices.getUserMedia(wish);
  wakeSound();
  return stream;
}

/**
 * What to ask of a microphone. Browser processing spoils a headset's or a mixing desk's sound: off unless wished.
 * @param {string | null} deviceId
 * @param {boolean} processing
 * @returns {MediaTrackConstraints}
 */
export function microphoneWish(deviceId, processing) {
  return {
    ...(deviceId ? { deviceId: { ideal: deviceId } } : {}),
    echoCancellation: processing,
    noiseSuppression: processing,
    autoGainControl: processing,
    channelCount: 1,
  };
}

/**
 * @param {string | null} deviceId
 * @returns {MediaTrackConstraints}
 */
export function cameraWish(deviceId) {
  return {
    ...(deviceId ? { deviceId: { ideal: deviceId } } : {}),
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30 },
  };
}

/**
 * Fill a list with the devices of a kind and mark the one in use.
 * @param {HTMLSelectElement} select
 * @param {DeviceKind} kind
 * @param {string | null | undefined} current
 * @param {(n: number) => string} unnamed  what to call a device whose name the browser keeps to itself
 * @returns {Promise<number>} how many there are
 */
export async function listDevices(select, kind, current, unnamed) {
  const devices = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === kind);
  const options = devices.map((device, i) => new Option(device.label || unnamed(i + 1), device.deviceId));
  select.replaceChildren(...options);
  if (devices.some((device) => device.deviceId === current)) select.value = current ?? "";
  return devices.length;
}

/** @param {MediaStream | null} stream */
export function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
