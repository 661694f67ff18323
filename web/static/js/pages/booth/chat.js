// Words to others: wishes to the speaker, the technician, and lines to the booth, all interpreters, the moderator.

import { WISH_MS } from "../../lib/lectern.js";
import { PHRASES, wordsOf } from "../../lib/phrases.js";
import { byData, byId, press, t, write } from "../shell.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {ReturnType<typeof import("./messages.js").mountMessages>} Messages */

/**
 * @param {Desk} desk
 * @param {Messages} messages
 */
export function mountChat(desk, messages) {
  const to = byId("chat-to", HTMLSelectElement);
  const text = byId("chat-text", HTMLInputElement);
  /** @type {Set<number | string>} */
  const seen = new Set();

  /**
   * @param {string} line
   * @param {{phrase?: string}} [ready]
   */
  async function say(line, ready = {}) {
    return line.trim() !== "" && desk.seat !== null && desk.say("say", { to: to.value, text: line.trim(), ...ready });
  }

  async function send() {
    if (await say(text.value)) text.value = "";
    text.blur(); // the next key is the console's again
  }

  /** @param {number} index */
  function phrase(index) {
    const key = PHRASES[index];
    if (key) void say(t(`phrase.${key}`), { phrase: key });
  }

  function show() {
    for (const line of desk.state.chat ?? []) {
      if (seen.has(line.id)) continue;
      seen.add(line.id);
      const head = t("booth.line", { name: line.name, to: t(`booth.to_${line.to}`) });
      messages.add(wordsOf(line, t), { from: fromWhom(line, desk.person), head, at: new Date(line.at) });
    }
  }

  byId("chat", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  [...byData("phrase").values()].forEach((button, i) => button.addEventListener("click", () => phrase(i)));
  text.addEventListener("keydown", ({ key }) => key === "Escape" && text.blur());
  desk.add({ show });
  /** Ids count anew in each room. */
  const move = () => seen.clear();
  return { phrase, focus: () => text.focus(), move };
}

/**
 * @param {import("../../lib/state.js").Line} line
 * @param {string} self
 */
function fromWhom({ person, role }, self) {
  if (person === self) return "own";
  return role === "interpreter" ? "colleague" : "staff";
}

/**
 * The wishes to the speaker and the call to the technician.
 * @param {Desk} desk
 * @param {Messages} messages
 */
export function mountAsks(desk, messages) {
  const buttons = byData("wish");
  const call = byId("call", HTMLButtonElement);
  let wasCalling = false;

  const ask = (/** @type {string} */ wish) => void (desk.seat && desk.say("ask_speaker", { wish }));
  const ring = () => void (desk.seat && !isCalling() && desk.say("call_technician"));
  const own = () => (desk.state.calls ?? []).filter(({ person }) => person === desk.person);
  const isCalling = () => own().some(({ answered }) => !answered);

  function show() {
    const asks = (desk.state.asks ?? []).filter(({ at, booth }) => booth === desk.booth && desk.now_ms - at < WISH_MS);
    for (const [wish, button] of buttons) press(button, asks.some((one) => one.wish === wish));
    const calling = isCalling();
    press(call, calling);
    write(byId("call-words", HTMLElement), t(calling ? "booth.call_waiting" : "booth.call"));
    if (wasCalling && !calling && own().length > 0) messages.add(t("booth.call_answered"), { from: "staff" });
    wasCalling = calling;
  }

  for (const [wish, button] of buttons) button.addEventListener("click", () => ask(wish));
  call.addEventListener("click", ring);
  desk.add({ show, tick: show });
  return { ask, ring };
}
