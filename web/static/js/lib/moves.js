// Where a desk sends those who listen: what is heard is what was chosen, after all moves since.

/** @typedef {{channel: string, to: string, at: number}} Move  `at` in epoch milliseconds by the server's clock */

export class Moves {
  /** @type {Move[]} */ #moves = [];
  #ahead_ms = 0;
  #chosenAt;

  /** @param {() => number} [now]  epoch milliseconds by this machine's clock */
  constructor(now = Date.now) {
    this.now = now;
    this.#chosenAt = now();
  }

  /** The listener has chosen just now: what a desk did before is not for them. */
  chosen() {
    this.#chosenAt = this.now();
  }

  /** @param {number} now  the server's clock, just now */
  setClock(now) {
    this.#ahead_ms = now - this.now();
  }

  /** @param {readonly Move[]} moves  new ones and known ones, as they come */
  learn(moves) {
    const all = new Map([...this.#moves, ...moves].map((move) => [`${move.at} ${move.channel} ${move.to}`, move]));
    this.#moves = [...all.values()].toSorted((one, other) => one.at - other.at);
  }

  /**
   * @param {string} chosen
   * @returns {string} the channel to be heard
   */
  after(chosen) {
    const since = this.#chosenAt + this.#ahead_ms;
    return this.#moves.reduce((heard, { channel, to, at }) => (at > since && channel === heard ? to : heard), chosen);
  }
}
