// What a page knows of the others who watch: over how long to spread its coming back when all have lost the server.
//
// A page that loses its connection alone (Wi-Fi, a train's tunnel) comes back at once. Only when the server said goodbye,
// or refuses the first attempt, is it gone for everybody; then each waits by chance as long as so many need.

/** So much time for each who watches: a thousand come within twelve seconds, a dozen at once. */
const EACH_MS = 12;
const MOST_MS = 20_000;

export class Turnout {
  #pages = 0;
  #isServerGone = false;

  /**
   * @param {number} pages  how many watch, as the server says; 0 for a page that somebody works with
   */
  note(pages) {
    this.#pages = pages;
  }

  /** Everybody has lost the server. */
  lose() {
    this.#isServerGone = true;
  }

  /** The server is there. */
  find() {
    this.#isServerGone = false;
  }

  /**
   * What to wait beyond the usual pause, each time anew, so that a server that is away for long has no crowd before its
   * door either when it comes.
   * @param {() => number} random
   * @returns {number} milliseconds
   */
  spreadMs(random) {
    return this.#isServerGone ? Math.round(random() * Math.min(this.#pages * EACH_MS, MOST_MS)) : 0;
  }
}

/** That of this page, shared by its wire and its sessions. */
export const turnout = new Turnout();
