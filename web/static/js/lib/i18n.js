// The page's texts, as the server put them into the page's data block.

/** @typedef {string | Record<string, string>} Message  a text, or one text for each plural category */
/** @typedef {Record<string, string | number>} Variables */
/** @typedef {(key: string, variables?: Variables) => string} Translate */

/**
 * @param {Record<string, Message>} messages
 * @param {string} lang BCP 47
 * @returns {Translate} gives the key itself where a text is missing, so that nothing on the page is empty
 */
export function translator(messages, lang) {
  const plurals = new Intl.PluralRules(lang);
  return (key, variables = {}) => {
    const message = messages[key];
    if (message === undefined) return key;
    const text = typeof message === "string" ? message : pluralForm(message, plurals, Number(variables.n ?? 0));
    return text.replace(/\{(\w+)\}/g, (whole, name) => String(variables[name] ?? whole));
  };
}

/**
 * @param {Record<string, string>} forms
 * @param {Intl.PluralRules} plurals
 * @param {number} n
 * @returns {string}
 */
function pluralForm(forms, plurals, n) {
  // gettext's three Ukrainian forms have no CLDR "other" (fractions): the last form stands in.
  return forms[plurals.select(n)] ?? Object.values(forms).at(-1) ?? "";
}

/**
 * The name of a language in itself, as on a button: "Українська".
 * @param {string} code
 * @returns {string}
 */
export function ownName(code) {
  const name = languageName(code, code);
  return name.slice(0, 1).toLocaleUpperCase(code) + name.slice(1);
}

/**
 * The name of a language in another, as within a sentence: `languageName("uk", "de")` is "Ukrainisch".
 * @param {string} code
 * @param {string} inLanguage
 * @returns {string}
 */
export function languageName(code, inLanguage) {
  try {
    return new Intl.DisplayNames([inLanguage], { type: "language" }).of(code) ?? code;
  } catch {
    return code; // not a language tag at all
  }
}
