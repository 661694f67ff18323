// The log and the alarms: one standing alarm at most, and what was said, to and from others. Nothing makes a sound.

import { byId, page, t, write } from "../shell.js";

const KEPT = 200;
/** Whoever has scrolled up further than this is reading, and is not pulled down. */
const NEAR_END_PX = 40;

/** Standing alarms, the most urgent first. */
const ALARMS = /** @type {const} */ ([
  "doubled", "held", "device_lost", "server", "limiter", "microphone", "connection", "unheard", "wrong_language",
  "same_language", "silent", "shut", "shift",
]);

/** @typedef {(typeof ALARMS)[number]} Alarm */
/** @typedef {import("../../lib/state.js").Line} Line */

export function mountMessages() {
  const list = byId("messages", HTMLDivElement);
  const alarm = byId("alarm", HTMLElement);
  /** @type {Map<Alarm, string>} */
  const standing = new Map();

  /**
   * @param {string} text
   * @param {{from?: "own" | "colleague" | "staff" | "here", head?: string, at?: Date}} [about]
   */
  function add(text, { from = "here", head = "", at = new Date() } = {}) {
    document.getElementById("messages-none")?.remove();
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
    const item = document.createElement("p");
    item.dataset.from = from;
    const time = document.createElement("time");
    time.textContent = at.toLocaleTimeString(page.lang, { timeStyle: "short", hourCycle: "h23" });
    const name = document.createElement("strong");
    name.textContent = head;
    item.append(time, " ", ...(head ? [name, " "] : []), text);
    list.append(item);
    while (list.children.length > KEPT) list.firstElementChild?.remove();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
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
    alarm.dataset.alarm = most ?? "";
    byId("alarm-none", HTMLElement).hidden = most !== undefined;
  }

  /** @param {import("../../lib/wire.js").Outcome} outcome */
  function failed(outcome) {
    if (outcome.kind === "refused") add(outcome.text);
    else if (outcome.kind === "lost") add(t("network.command_lost"));
  }

  return { add, raise, failed };
}
