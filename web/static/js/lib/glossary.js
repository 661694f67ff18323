// Finding a term in a glossary while somebody speaks: every column at once, without regard to case and accents. Pure.

/** @typedef {{columns: string[], rows: string[][]}} Glossary */

/**
 * @param {string} text
 * @returns {string} what is compared: small letters without marks; Cyrillic keeps й and ї, which are letters of their own
 */
export function folded(text) {
  const plain = text.toLocaleLowerCase().replaceAll("ß", "ss");
  return plain.normalize("NFD").replace(/(?<=[a-z])\p{Mn}+/gu, "").normalize("NFC");
}

/**
 * Rows that hold all the words, those that begin with the search first.
 * @param {readonly string[][]} rows
 * @param {string} search
 * @param {number} [most]
 * @returns {{rows: string[][], count: number}} at most `most` of them, and how many there are
 */
export function found(rows, search, most = 100) {
  const wanted = folded(search).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return { rows: rows.slice(0, most), count: rows.length };
  const first = wanted[0] ?? "";
  const hits = rows
    .map((row) => ({ row, text: row.map(folded) }))
    .filter(({ text }) => wanted.every((word) => text.some((cell) => cell.includes(word))));
  const begins = (/** @type {{text: string[]}} */ { text }) => (text.some((cell) => cell.startsWith(first)) ? 0 : 1);
  const sorted = hits.toSorted((a, b) => begins(a) - begins(b));
  return { rows: sorted.slice(0, most).map(({ row }) => row), count: hits.length };
}
