// Passing the microphone: either side asks, the other accepts, the one on air chooses the moment.

import { handoverStep } from "../../lib/state.js";
import { byId, t, write } from "../shell.js";

/** @typedef {import("../../lib/state.js").HandoverStep} HandoverStep */

/** Which buttons a step offers, and what the words are. @type {Record<HandoverStep, {words: string, ask?: string, decline?: string, key?: string}>} */
const STEPS = {
  impossible: { words: "booth.handover_impossible", ask: "booth.handover_offer" },
  force: { words: "booth.handover_gone", ask: "booth.handover_force", key: "take_mic" },
  offer: { words: "booth.handover_none", ask: "booth.handover_offer", key: "ask_handover" },
  request: { words: "booth.handover_partner_on_air", ask: "booth.handover_request", key: "ask_handover" },
  asked: { words: "booth.handover_asked", decline: "booth.handover_cancel" },
  answer: { words: "booth.handover_answer", decline: "booth.handover_decline", key: "accept_handover" },
  switch: { words: "booth.handover_ready", decline: "booth.handover_cancel", key: "switch_handover" },
  expect: { words: "booth.handover_expect", decline: "booth.handover_cancel" },
};

/** @param {import("./desk.js").Desk} desk */
export function mountHandover(desk) {
  const group = byId("handover", HTMLElement);
  const ask = byId("handover-ask", HTMLButtonElement);
  const accept = byId("handover-accept", HTMLButtonElement);
  const change = byId("handover-switch", HTMLButtonElement);
  const decline = byId("handover-decline", HTMLButtonElement);

  const current = () => {
    const booth = desk.ownBooth;
    return booth ? handoverStep(booth, desk.person) : { step: /** @type {HandoverStep} */ ("impossible"), partner: null };
  };

  function show() {
    const { step, partner } = current();
    const words = STEPS[step];
    const key = step === "impossible" && partner ? "booth.handover_nobody_on_air" : words.words;
    group.dataset.step = step;
    write(byId("handover-words", HTMLElement), t(key, { name: partner?.name ?? "" }));
    write(ask, t(words.ask ?? "booth.handover_offer"));
    write(decline, t(words.decline ?? "booth.handover_cancel"));
    ask.hidden = words.ask === undefined;
    ask.disabled = step === "impossible";
    accept.hidden = step !== "answer";
    change.hidden = step !== "switch";
    decline.hidden = words.decline === undefined;
    ask.dataset.step = step;
  }

  /** The next step that is one's own to take; nothing if it is the other's turn. */
  function advance() {
    const { key } = STEPS[current().step];
    if (key) void desk.say(key);
  }

  /** No to the other's wish, or one's own taken back. */
  function decide() {
    if (STEPS[current().step].decline) void desk.say("decline_handover");
  }

  ask.addEventListener("click", () => void desk.say(current().step === "force" ? "take_mic" : "ask_handover"));
  accept.addEventListener("click", () => void desk.say("accept_handover"));
  change.addEventListener("click", () => void desk.say("switch_handover"));
  decline.addEventListener("click", decide);
  desk.add({ show });
  return { advance, decide };
}
