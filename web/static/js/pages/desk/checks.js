// The chain test of a room: started from the desk, told hop by hop.

import { may } from "../../lib/desk.js";
import { page, t, write } from "../shell.js";
import { done, refuse } from "./answers.js";
import { element, showRows } from "./rows.js";
import { isSure } from "./sure.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {{hop: string, bus: string, is_good: boolean, flatness_db: number | null, delay_ms: number | null}} Hop */

// The test itself takes seven seconds.
const LONGEST_MS = 30_000;

/** @param {Card} card */
export function mountChecks(card) {
  const key = card.part("chain", HTMLButtonElement);
  key.disabled = !may(card.role, "chain_test");
  key.addEventListener("click", () => void test(card, key));
  for (const link of card.element.querySelectorAll("a[data-as]")) {
    if (link instanceof HTMLAnchorElement) link.search = card.query;
  }
}

/**
 * @param {Card} card
 * @param {HTMLButtonElement} key
 */
async function test(card, key) {
  key.disabled = true;
  write(card.part("chain-words", HTMLElement), t("desk.chain_runs"));
  const told = await run(card, {});
  const isAsked = told.problem?.code === "room_live" && (await isSure(question(card)));
  const result = isAsked ? await run(card, { confirm: true }) : told;
  key.disabled = false;
  if (result.hops) showHops(card, result.hops);
  else write(card.part("chain-words", HTMLElement), "");
  if (result.hops) done(card, "chain", null);
  else if (result.problem?.code !== "room_live") refuse(result.problem?.text ?? t("network.command_lost"));
}

/** @param {Card} card */
function question(card) {
  return { title: t("desk.chain_sure", { room: card.title }), effect: t("desk.chain_effect"), act: t("desk.chain") };
}

/**
 * @param {Card} card
 * @param {{confirm?: boolean}} body
 * @returns {Promise<{hops?: Hop[], problem?: {code: string, text: string}}>}
 */
async function run(card, body) {
  try {
    const answer = await fetch(`/chain/${encodeURIComponent(card.room)}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${page.token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    const told = await answer.json();
    return answer.ok ? { hops: told.hops } : { problem: told.error };
  } catch {
    return {};
  }
}

/**
 * @param {Card} card
 * @param {Hop[]} hops
 */
function showHops(card, hops) {
  const isGood = hops.every(({ is_good }) => is_good);
  write(card.part("chain-words", HTMLElement), t(isGood ? "desk.chain_good" : "desk.chain_bad"));
  showRows(
    card.part("hops", HTMLElement),
    hops,
    ({ hop, bus }) => `${hop} ${bus}`,
    () => element("li"),
    (row, { hop, bus, is_good, delay_ms, flatness_db }) => {
      row.dataset.good = String(is_good);
      const way = t(`desk.hop_${hop}`, { channel: card.channelName(bus) });
      const figures = delay_ms === null || flatness_db === null ? t("desk.hop_nothing") : t("desk.hop_figures", { ms: Math.round(delay_ms), db: flatness_db.toLocaleString(page.lang) });
      write(row, `${is_good ? "✓" : "✗"} ${way}: ${figures}`);
    },
  );
}
