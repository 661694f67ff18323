// What a room's programme says now, for the words under the picture. Pure.

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {Record<string, string>} title  by page language
 * @property {string} [speaker]
 * @property {string | null} [language]  in which is spoken, where it is known beforehand
 * @property {"speech" | "playout" | "panel" | "break"} [kind]
 * @property {string | null} [starts]  "14:30" or an ISO date and time
 */

/**
 * @param {{items?: Item[], item?: string | null}} state
 * @returns {{now: Item | null, next: Item | null}} before the first item begins, `next` is the first
 */
export function programmeNow({ items = [], item = null }) {
  const at = items.findIndex(({ id }) => id === item);
  return { now: items[at] ?? null, next: items[at + 1] ?? null };
}

/**
 * @param {Item} item
 * @param {string} lang
 * @returns {string} title and speaker
 */
export function itemWords({ title, speaker }, lang) {
  const name = title[lang] ?? Object.values(title)[0] ?? "";
  return speaker ? `${name} (${speaker})` : name;
}

/**
 * @param {Item} item
 * @param {string} lang
 * @returns {string} when it begins, by the clock of whoever looks; empty when nobody has said
 */
export function itemTime({ starts }, lang) {
  if (!starts || /^\d{1,2}:\d{2}$/.test(starts)) return starts ?? "";
  const date = new Date(starts);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
}
