// The switch by which a hall or an interpreter says whether it may be recorded.

import { byId, t, write } from "./shell.js";

/**
 * Mount the switch of web/templates/consents.html. Nobody is asked twice: what the server knows is what it shows.
 * @param {object} options
 * @param {() => string} options.source  whose consent it is: "venue", or "mic:" and the person; empty while unknown
 * @param {(name: string, args: Record<string, unknown>) => Promise<import("../lib/wire.js").Outcome>} options.command
 * @returns {(state: import("../lib/state.js").RoomState) => void} call it with every state
 */
export function mountConsent({ source, command }) {
  const given = byId("consent-given", HTMLInputElement);
  const problem = byId("consent-problem", HTMLElement);
  let isAsking = false;
  let known = false;

  async function say() {
    isAsking = true;
    const outcome = await command("set_consent", { source: source(), consents: given.checked });
    isAsking = false;
    const words = outcome.kind === "refused" ? outcome.text : outcome.kind === "lost" ? t("network.command_lost") : "";
    problem.hidden = words === "";
    write(problem, words);
    if (words) given.checked = known;
  }
  given.addEventListener("change", () => void say());

  return ({ consents = {} }) => {
    known = consents[source()] ?? false;
    given.disabled = source() === "";
    if (!isAsking) given.checked = known;
  };
}
