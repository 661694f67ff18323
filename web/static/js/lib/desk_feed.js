// The desk's line for meters: one WebSocket for all rooms, kept alive, and let go while nobody looks. No DOM.

import { backoffMs, browserTimers } from "./timing.js";

// The server tells a dozen times a second; a line that says nothing for so long is dead.
const SILENT_MS = 3_000;

/** @typedef {{version: number, meters: import("./desk_meters.js").Meter[]}} Layout */

export class MeterFeed {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {unknown} */ #timer = null;
  #attempt = 0;
  #isWanted = false;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {(layout: Layout) => void} options.onLayout
   * @param {(levels: ArrayBuffer) => void} options.onLevels
   * @param {() => void} options.onLost  nothing is known any more
   * @param {(url: string) => WebSocket} [options.open]
   * @param {import("./timing.js").Timers} [options.timers]
   */
  constructor({ url, onLayout, onLevels, onLost, open = (address) => new WebSocket(address), timers = browserTimers }) {
    this.url = url;
    this.onLayout = onLayout;
    this.onLevels = onLevels;
    this.onLost = onLost;
    this.open = open;
    this.timers = timers;
  }

  /** Have it run, from now until `rest`. */
  run() {
    this.#isWanted = true;
    if (!this.#socket) this.#connect();
  }

  /** Let it go: nobody looks. */
  rest() {
    this.#isWanted = false;
    this.timers.cancel(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  #connect() {
    this.timers.cancel(this.#timer);
    const socket = this.open(this.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#watch(socket);
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#attempt = 0;
      this.#watch(socket);
      if (typeof data !== "string") this.onLevels(data);
      else this.#told(JSON.parse(data));
    };
    socket.onclose = () => this.#dropped(socket);
    socket.onerror = () => this.#dropped(socket);
  }

  /** @param {{type: string} & Layout} message */
  #told(message) {
    if (message.type === "layout") this.onLayout(message);
  }

  /** @param {WebSocket} socket */
  #watch(socket) {
    this.timers.cancel(this.#timer);
    this.#timer = this.timers.after(() => {
      socket.close();
      this.#dropped(socket);
    }, SILENT_MS);
  }

  /** @param {WebSocket} socket */
  #dropped(socket) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.timers.cancel(this.#timer);
    this.onLost();
    if (this.#isWanted) this.#timer = this.timers.after(() => this.#connect(), backoffMs(this.#attempt++, this.timers.random));
  }
}
