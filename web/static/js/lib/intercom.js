// The intercom's sums: to whom a role talks, what a press means, who talks to one's side.

/**
 * @typedef {object} Talk  see `talks` of the room's state
 * @property {string} person
 * @property {string} name
 * @property {string} role
 * @property {string | null} from_booth
 * @property {string} to
 * @property {string | null} booth
 * @property {boolean} live
 */
/** @typedef {{to: string, booth: string | null}} Party */

/** Shorter is a tap, which stays until the next one; longer is a press, which ends with the finger. */
export const TAP_MS = 400;
/** So long a microphone stays open when the talk is over: the next word is often an answer. */
export const REST_MS = 20_000;
/** The same for one that is slow to open, such as a headset without a wire: its next press would lose the first word. */
export const SLOW_REST_MS = 60_000;
const SLOW_MS = 150;

/** @param {number} opening_ms  how long the microphone took to open */
export function restAfter(opening_ms) {
  return opening_ms > SLOW_MS ? SLOW_REST_MS : REST_MS;
}

/** @type {Record<string, readonly string[]>} */
const PARTIES = {
  technician: ["booths", "booth", "venue", "moderator"],
  moderator: ["technician", "booths", "booth", "venue", "backstage"],
  interpreter: ["technician", "moderator"],
  venue: ["technician", "moderator"],
  speaker: ["moderator"],
};

/**
 * @param {string} role
 * @param {readonly string[]} booths
 * @returns {Party[]} to whom the role may talk, all booths before each
 */
export function partiesOf(role, booths) {
  return (PARTIES[role] ?? []).flatMap((to) =>
    to === "booth" ? booths.map((booth) => ({ to, booth: /** @type {string | null} */ (booth) })) : [{ to, booth: null }],
  );
}

/** @param {Party | null} one @param {Party | null} other */
export function isSame(one, other) {
  return one?.to === other?.to && (one?.booth ?? null) === (other?.booth ?? null);
}

/** What a press of a button means. Times in milliseconds, of any clock that goes on. */
export class Press {
  /** @type {Party | null} */ #open = null;
  #since_ms = 0;
  #isLatched = false;

  /** @returns {Party | null} to whom one talks now */
  get open() {
    return this.#open;
  }

  /**
   * @param {Party} party
   * @param {number} now_ms
   */
  down(party, now_ms) {
    if (isSame(this.#open, party)) {
      this.end();
      return;
    }
    this.#open = party;
    this.#since_ms = now_ms;
    this.#isLatched = false;
  }

  /** @param {number} now_ms */
  up(now_ms) {
    if (this.#open === null || this.#isLatched) return;
    if (now_ms - this.#since_ms < TAP_MS) this.#isLatched = true;
    else this.#open = null;
  }

  /** Not let go, but lost: nobody knows for how long it was meant. */
  lose() {
    if (!this.#isLatched) this.#open = null;
  }

  end() {
    this.#open = null;
    this.#isLatched = false;
  }
}

/**
 * @param {readonly Talk[]} talks
 * @param {{role: string, person: string, booth: string | null}} self
 * @returns {Talk[]} who talks to one's side just now
 */
export function talksTo(talks, { role, person, booth }) {
  const isMine = (/** @type {Talk} */ talk) => {
    if (role === "interpreter") return talk.to === "booths" || (talk.to === "booth" && talk.booth === booth);
    return talk.to === (role === "speaker" ? "backstage" : role);
  };
  return talks.filter((talk) => talk.live && talk.person !== person && isMine(talk));
}

/**
 * @param {ReadonlySet<number | string>} known
 * @param {readonly {id: number | string, answered: boolean}[]} calls
 * @returns {boolean} whether somebody called who had not before
 */
export function hasNewCall(known, calls) {
  return calls.some(({ id, answered }) => !answered && !known.has(id));
}
