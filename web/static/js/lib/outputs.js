// Which output of the hall's machine plays what: the choice, whether it is still there, and what to say of it. Pure.

/** @typedef {{id: string, label: string}} Output  an empty id is the one the computer itself would take */
/**
 * A line of the transmitters' table.
 * @typedef {object} Line
 * @property {string} channel  "floor" or a language; empty: the line is not used
 * @property {Output} output
 * @property {number} volume   0 … 1
 */
/**
 * @typedef {"off" | "gone" | "held" | "refused" | "waiting" | "connecting" | "playing"} OutputState
 *   gone: the output picked is not there; held: the browser wants a press before it plays anything
 */

/** So many transmitters at most. */
export const MOST_LINES = 6;
/** @type {Readonly<Output>} */
export const OWN_CHOICE = Object.freeze({ id: "", label: "" });
/** What browsers list beside the real ones: another name for one of them. */
const ALIASES = new Set(["default", "communications", ""]);

/**
 * The outputs there are, without those that are another name for one of them.
 * @param {readonly {kind: string, deviceId: string, label: string}[]} devices
 * @returns {Output[]}
 */
export function outputsOf(devices) {
  const real = devices.filter(({ kind, deviceId }) => kind === "audiooutput" && !ALIASES.has(deviceId));
  return real.map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/**
 * The output somebody picked, as it is called now: browsers may number anew, names stay. Null when it is not there,
 * and then nothing else takes its place: a language must not come out of another's transmitter.
 * @param {Output} wish
 * @param {readonly Output[]} there
 * @returns {Output | null}
 */
export function findOutput(wish, there) {
  if (wish.id === "") return wish;
  const same = there.find(({ id }) => id === wish.id);
  return same ?? there.find(({ label }) => label !== "" && label === wish.label) ?? null;
}

/**
 * @param {object} now
 * @param {boolean} now.isOn
 * @param {boolean} now.isThere  the output picked
 * @param {boolean} now.isHeld   the browser let nothing play yet
 * @param {import("./session.js").SessionStatus["state"]} now.session
 * @returns {OutputState}
 */
export function outputState({ isOn, isThere, isHeld, session }) {
  if (!isOn) return "off";
  if (!isThere) return "gone";
  if (session === "refused" || session === "waiting") return session;
  if (session !== "connected") return "connecting";
  return isHeld ? "held" : "playing";
}

/**
 * The lines that were remembered; what is no line is left out.
 * @param {unknown} stored
 * @param {readonly string[]} channels  that the room has
 * @returns {Line[]}
 */
export function linesOf(stored, channels) {
  if (!Array.isArray(stored)) return [];
  return stored.filter(isLine).slice(0, MOST_LINES).map((line) => ({
    channel: channels.includes(line.channel) ? line.channel : "",
    output: { id: line.output.id, label: line.output.label },
    volume: Math.min(1, Math.max(0, line.volume)),
  }));
}

/**
 * @param {any} value
 * @returns {value is Line}
 */
function isLine(value) {
  return (
    typeof value?.channel === "string" &&
    typeof value.output?.id === "string" &&
    typeof value.output.label === "string" &&
    Number.isFinite(value.volume)
  );
}

/**
 * What the hall's return is called on the server, and which languages the hall must ask for so that it is there.
 * @param {string} language  "floor": everybody far away as they speak
 * @param {string} before    what this page asked for until now
 * @param {readonly string[]} asked  what the hall asks for now
 * @returns {{channel: string, languages: string[]}}
 */
export function returnOf(language, before, asked) {
  const others = asked.filter((one) => one !== before && one !== language);
  if (language === "floor") return { channel: "return", languages: others };
  return { channel: `return:${language}`, languages: [...others, language] };
}
