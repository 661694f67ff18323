// Ready phrases of the chat: said by their keys, so that everybody reads them in their own page's language.

/** In the order of their keys on the keyboard; the server knows the same. */
export const PHRASES = /** @type {const} */ (["take_over", "back_soon", "number", "name", "bad_sound", "thanks"]);

/**
 * What stands in a line of chat, for whoever reads it here; a phrase that this page does not know yet as it was sent.
 * @param {{text: string, phrase?: string | null}} line
 * @param {import("./i18n.js").Translate} t
 * @returns {string}
 */
export function wordsOf({ text, phrase }, t) {
  const known = PHRASES.find((key) => key === phrase);
  return known ? t(`phrase.${known}`) : text;
}
