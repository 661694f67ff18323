// The chain test, run from the headset dialog: what the server has found hop by hop.

import { byId, page, t } from "../shell.js";

/** @typedef {{hop: "venue_booth" | "booth_listener", bus: string, is_good: boolean, flatness_db: number | null, delay_ms: number | null}} Hop */

export function mountChain() {
  const run = byId("chain-run", HTMLButtonElement);
  const list = byId("chain-hops", HTMLUListElement);

  async function test() {
    run.disabled = true;
    say([t("booth.chain_running")]);
    const headers = { Authorization: `Bearer ${page.token}` };
    const answer = await fetch(`/chain/${encodeURIComponent(page.room)}`, { method: "POST", headers }).catch(() => null);
    const body = await answer?.json().catch(() => null);
    if (answer?.ok) say(body.hops.map(hopWords));
    else say([body?.error?.text ?? t("booth.chain_lost")]);
    run.disabled = false;
  }

  /** @param {string[]} lines */
  function say(lines) {
    list.replaceChildren(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  }

  run.addEventListener("click", () => void test());
}

/** @param {Hop} hop */
function hopWords({ hop, bus, is_good, flatness_db, delay_ms }) {
  const round = (/** @type {number | null} */ value, /** @type {number} */ digits) => value?.toFixed(digits) ?? "–";
  const figures = t(`booth.chain_${hop}`, { bus, flatness: round(flatness_db, 1), delay: round(delay_ms, 0) });
  return `${is_good ? "✓" : "✕"} ${figures} – ${t(is_good ? "booth.chain_good" : "booth.chain_bad")}`;
}
