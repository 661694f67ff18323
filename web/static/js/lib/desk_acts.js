// What the desk mends, and how it is undone. Pure.

/** @typedef {import("./desk.js").DeskState} DeskState */
/** @typedef {{gain_db: number, delay_ms: number, high_pass: boolean, gate: boolean, muted: boolean}} Trim */
/** @typedef {{name: string, args: Record<string, unknown>}} Act */

/** @type {Readonly<Trim>} */
export const NO_TRIM = Object.freeze({ gain_db: 0, delay_ms: 0, high_pass: false, gate: false, muted: false });

/**
 * @param {DeskState} state
 * @param {string} source
 * @returns {Trim} what the desk has set for a source
 */
export function trimOf(state, source) {
  return { ...NO_TRIM, ...state.trims?.[source] };
}

/** @param {Trim} trim */
export function isTrimmed(trim) {
  return Object.entries(NO_TRIM).some(([name, plain]) => trim[/** @type {keyof Trim} */ (name)] !== plain);
}

/**
 * The command that brings back what is so now; null where nothing sensible would.
 * @param {DeskState} state  before the act
 * @param {Act} act
 * @returns {Act | null}
 */
export function inverse(state, { name, args }) {
  switch (name) {
    case "set_trim":
      return { name, args: { source: args.source, ...trimOf(state, String(args.source)) } };
    case "set_floor_language":
      return { name, args: { language: state.floor_language } };
    case "set_fallback": {
      const found = state.channels.find(({ channel }) => channel === args.language);
      return found ? { name, args: { language: args.language, fallback: found.fallback } } : null;
    }
    case "select_venue":
      return state.venue_source ? { name, args: { source: state.venue_source } } : null;
    case "hold_slide":
      return { name, args: { held: Boolean(state.is_held) } };
    case "select_item":
    case "next_item":
      return state.item ? { name: "select_item", args: { item: state.item } } : null;
    case "set_consent":
      return { name, args: { source: args.source, consents: !args.consents } };
    default:
      return null;
  }
}

/** @typedef {{room: string, act: Act}} Done  how an act is undone, and where */

/** The acts that can still be undone, the newest last. */
export class Undoing {
  /** @type {Done[]} */ #done = [];

  /** @param {Done} done */
  push(done) {
    // A slider that is turned in many steps is one act.
    const last = this.#done.at(-1);
    if (last && last.room === done.room && subject(last) === subject(done) && done.act.name === "set_trim" && this.isTurning) return;
    this.#done = [...this.#done, done].slice(-50);
  }

  /** A knob is being turned: its further steps belong to the first. */
  isTurning = false;

  /**
   * @param {(done: Done) => boolean} [isMeant]
   * @returns {Done | null} the newest that is meant, taken off
   */
  pop(isMeant = () => true) {
    const at = this.#done.findLastIndex(isMeant);
    return at < 0 ? null : (this.#done.splice(at, 1)[0] ?? null);
  }

  /** @param {(done: Done) => boolean} [isMeant] */
  has(isMeant = () => true) {
    return this.#done.some(isMeant);
  }
}

/** @param {Done} done */
export function subject({ act }) {
  return act.name === "set_trim" ? String(act.args.source) : null;
}
