// What this browser remembers. Storage may be missing or full (private windows): then nothing is remembered.

/** @typedef {Pick<Storage, "getItem" | "setItem">} Store */

/**
 * Remembered values over `defaults`; a stored value of another type than its default counts as absent.
 * A default of null takes a string.
 * @template {object} T
 * @param {Store | null} store
 * @param {string} name
 * @param {T} defaults
 * @returns {T}
 */
export function readPrefs(store, name, defaults) {
  const found = parse(store, name);
  const result = /** @type {Record<string, unknown>} */ ({ ...defaults });
  for (const [key, fallback] of Object.entries(defaults)) {
    const expected = fallback === null ? "string" : typeof fallback;
    if (typeof found[key] === expected) result[key] = found[key];
  }
  return /** @type {T} */ (result);
}

/**
 * @param {Store | null} store
 * @param {string} name
 * @param {object} values
 * @returns {boolean} whether they could be kept
 */
export function writePrefs(store, name, values) {
  try {
    store?.setItem(name, JSON.stringify(values));
    return store !== null;
  } catch {
    return false;
  }
}

/**
 * The browser's storage, or null where it is forbidden (the getter itself may throw).
 * @param {"localStorage" | "sessionStorage"} kind
 * @returns {Store | null}
 */
export function browserStore(kind) {
  try {
    return globalThis[kind];
  } catch {
    return null;
  }
}

/**
 * @param {Store | null} store
 * @param {string} name
 * @returns {Record<string, unknown>}
 */
function parse(store, name) {
  try {
    const value = JSON.parse(store?.getItem(name) ?? "{}");
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}
