// The bottom: one standing alarm at most, and the last messages. Nothing here makes a sound.

import { byId, page, t, write } from "../shell.js";

const KEPT = 30;

/** Standing alarms, the most urgent first. */
const ALARMS = /** @type {const} */ (["device_lost", "server", "microphone", "connection", "unheard"]);

/** @typedef {(typeof ALARMS)[number]} Alarm */

export function mountMessages() {
  const list = byId("messages", HTMLDivElement);
  const alarm = byId("alarm", HTMLElement);
  /** @type {Map<Alarm, string>} */
  const standing = new Map();

  /** @param {string} text */
  function add(text) {
    document.getElementById("messages-none")?.remove();
    const item = document.createElement("p");
    const time = document.createElement("time");
    time.textContent = new Date().toLocaleTimeString(page.lang, { timeStyle: "medium", hourCycle: "h23" });
    item.append(time, " ", text);
    list.append(item);
    while (list.children.length > KEPT) list.firstElementChild?.remove();
    list.scrollTop = list.scrollHeight;
  }

  /**
   * Raise an alarm that stands until it is over, or end it by an empty text.
   * @param {Alarm} kind
   * @param {string} text
   */
  function raise(kind, text) {
    if (text) standing.set(kind, text);
    else standing.delete(kind);
    const most = ALARMS.find((name) => standing.has(name));
    write(alarm, (most && standing.get(most)) ?? "");
  }

  /** @param {import("../../lib/wire.js").Outcome} outcome */
  function failed(outcome) {
    if (outcome.kind === "refused") add(outcome.text);
    else if (outcome.kind === "lost") add(t("network.command_lost"));
  }

  return { add, raise, failed };
}
