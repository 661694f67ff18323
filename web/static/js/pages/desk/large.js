// One room large, instead of the wall.

import { press } from "../shell.js";

/** @typedef {import("./card.js").Card} Card */

/** @type {Card[]} */
const cards = [];
/** @type {Card | null} */
let large = null;

/** @param {Card} card */
export function mountLarge(card) {
  const at = cards.push(card) - 1;
  card.part("large", HTMLButtonElement).addEventListener("click", () => showLarge(at));
}

/**
 * Look into a room; the same again shows the wall.
 * @param {number} index  from 0, in the wall's order
 */
export function showLarge(index) {
  const card = cards[index];
  if (card) set(card === large ? null : card);
}

export function closeLarge() {
  set(null);
}

/** @param {Card | null} card */
function set(card) {
  const before = large;
  large = card;
  document.documentElement.dataset.large = String(card !== null);
  for (const one of cards) {
    one.element.dataset.large = String(one === card);
    press(one.part("large", HTMLButtonElement), one === card);
  }
  scrollTo(0, 0);
  if (!card) before?.part("large", HTMLButtonElement).focus();
}
