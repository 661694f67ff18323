// The WebSocket to the server: state comes in, commands go out and are answered. See server/PROTOCOL.md.
//
// After a break it reconnects by itself and sends again what was not answered; ids make a repetition harmless.
// A command that could not be delivered within COMMAND_LIFE_MS is given up: a microphone key pressed before a long
// break must not open the microphone a minute later.

import { backoffMs, browserTimers } from "./timing.js";
import { turnout as ofThisPage } from "./turnout.js";

export const COMMAND_LIFE_MS = 12_000;
/** No answer for this long means that the connection is dead, whatever the browser believes. */
export const ANSWER_MS = 4_000;
const CONNECT_MS = 8_000;
/** A server that is not there refuses sooner than this; a network that is not there lets one wait. */
const REFUSED_MS = 2_000;
/** Codes of "closing" after which coming back would be wrong: the person has to act first. */
const FINAL = new Set(["revoked", "expired", "replaced", "bad_message", "too_fast"]);

/** @typedef {import("./state.js").RoomState} RoomState */
/** @typedef {{person: string, name: string, role: string, booth: string | null, elsewhere?: boolean}} You */
/** @typedef {{type: "welcome", boot: string, version: number, now: number, you: You, moves: import("./moves.js").Move[], turnout?: number, state: RoomState}} Welcome */
/** @typedef {{code: string, text: string}} Closing */
/** @typedef {{kind: "done"} | {kind: "refused", code: string, text: string} | {kind: "lost"}} Outcome */
/** @typedef {"connecting" | "open" | "waiting" | "ended"} WireStatus */
/**
 * @typedef {object} WireHandlers
 * @property {(welcome: Welcome) => void} [welcome]  before `state`, at each connection
 * @property {(state: RoomState) => void} [state]    newest state; never an older one after a newer
 * @property {(closing: Closing, final: boolean) => void} [closing]
 * @property {(status: WireStatus) => void} [status]
 * @property {(edge: string) => void} [edgeLost]  sessions on this edge of the server have ended
 * @property {(news: {type: string, [field: string]: any}) => void} [news]  messages that only some pages need
 */
/**
 * @typedef {object} Pending
 * @property {string} text
 * @property {(outcome: Outcome) => void} settle
 */

export class Wire {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {Map<string, Pending>} */ #pending = new Map();
  #attempt = 0;
  #count = 0;
  #version = -1;
  #ended = false;
  #opened = false;
  #begunAt = 0;
  /** @type {unknown} */ #retry = null;
  /** @type {unknown} */ #deadline = null;

  /**
   * @param {object} options
   * @param {string} options.url  ws: or wss:
   * @param {WireHandlers} options.handlers
   * @param {string} options.prefix  makes ids differ from those of other pages of this person
   * @param {(url: string) => WebSocket} [options.open]
   * @param {import("./timing.js").Timers} [options.timers]
   * @param {import("./turnout.js").Turnout} [options.turnout]
   */
  constructor({
    url,
    handlers,
    prefix,
    open = (address) => new WebSocket(address),
    timers = browserTimers,
    turnout = ofThisPage,
  }) {
    this.turnout = turnout;
    this.url = url;
    this.handlers = handlers;
    this.prefix = prefix;
    this.open = open;
    this.timers = timers;
  }

  /** Connect now: at the start, and when the network or the person is back before the pause is over. */
  connect() {
    if (this.#ended || this.#socket) return;
    this.timers.cancel(this.#retry);
    this.handlers.status?.("connecting");
    const socket = this.open(this.url);
    this.#socket = socket;
    this.#opened = false;
    this.#begunAt = this.timers.now();
    this.#watch(CONNECT_MS);
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#receive(event.data);
    };
    socket.onclose = () => this.#dropped(socket);
    socket.onerror = () => this.#dropped(socket);
  }

  /**
   * Send a command. Never rejects: an unreachable server is the outcome "lost".
   * @param {string} name
   * @param {Record<string, unknown>} [args]
   * @returns {Promise<Outcome>}
   */
  command(name, args = {}) {
    const id = `${this.prefix}-${++this.#count}`;
    const text = JSON.stringify({ type: "command", id, name, args });
    return new Promise((resolve) => {
      const expiry = this.timers.after(() => this.#settle(id, { kind: "lost" }), COMMAND_LIFE_MS);
      /** @param {Outcome} outcome */
      const settle = (outcome) => {
        this.timers.cancel(expiry);
        resolve(outcome);
      };
      this.#pending.set(id, { text, settle });
      if (this.#ended) this.#settle(id, { kind: "lost" });
      else this.#send(text);
    });
  }

  /**
   * Tell the server something that is not answered, and not told later when it cannot be told now.
   * @param {object} message
   */
  tell(message) {
    if (this.#opened) this.#socket?.send(JSON.stringify(message));
  }

  /**
   * Speak with another room from now on. What is unanswered is lost: it was meant for the room before.
   * @param {string} url  ws: or wss:
   */
  move(url) {
    if (this.#ended) return;
    this.url = url;
    const socket = this.#socket;
    this.#socket = null; // what it still says is nobody's
    this.#opened = false;
    this.#attempt = 0;
    this.timers.cancel(this.#deadline);
    socket?.close();
    for (const id of [...this.#pending.keys()]) this.#settle(id, { kind: "lost" });
    this.connect();
  }

  /** End for good; whatever is unanswered is lost. */
  end() {
    this.#ended = true;
    this.timers.cancel(this.#retry);
    this.timers.cancel(this.#deadline);
    this.#socket?.close();
    this.#socket = null;
    for (const id of [...this.#pending.keys()]) this.#settle(id, { kind: "lost" });
    this.handlers.status?.("ended");
  }

  /** @param {string} text */
  #send(text) {
    if (!this.#opened) return; // goes out after the next welcome
    this.#socket?.send(text);
    this.#watch(ANSWER_MS);
  }

  /** @param {unknown} data */
  #receive(data) {
    const message = JSON.parse(String(data));
    if (message.type === "welcome") this.#welcomed(message);
    else if (message.type === "state") this.#newState(message.version, message.state);
    else if (message.type === "done") this.#settle(message.id, { kind: "done" });
    else if (message.type === "refused") {
      this.#settle(message.id, { kind: "refused", code: message.code, text: message.text });
    } else if (message.type === "closing") this.#closing(message);
    else if (message.type === "turnout") this.turnout.note(message.pages);
    else if (message.type === "edge_lost") this.handlers.edgeLost?.(message.edge);
    else this.handlers.news?.(message);
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    this.#attempt = 0;
    this.turnout.find();
    this.turnout.note(welcome.turnout ?? 0);
    this.#opened = true;
    this.timers.cancel(this.#deadline);
    this.#version = -1; // a welcome is the truth, even if a restored server counts anew
    this.handlers.status?.("open");
    this.handlers.welcome?.(welcome);
    this.#newState(welcome.version, welcome.state);
    for (const { text } of this.#pending.values()) this.#send(text);
  }

  /**
   * @param {number} version
   * @param {RoomState} state
   */
  #newState(version, state) {
    if (version < this.#version) return;
    this.#version = version;
    this.handlers.state?.(state);
  }

  /** @param {Closing} closing */
  #closing(closing) {
    const final = FINAL.has(closing.code);
    if (closing.code === "stopping") this.turnout.lose();
    if (final) this.end();
    this.handlers.closing?.(closing, final);
  }

  /**
   * @param {string | null} id
   * @param {Outcome} outcome
   */
  #settle(id, outcome) {
    const pending = id === null ? undefined : this.#pending.get(id);
    if (id === null || !pending) return;
    this.#pending.delete(id);
    if (this.#pending.size === 0 && this.#opened) this.timers.cancel(this.#deadline);
    pending.settle(outcome);
  }

  /**
   * Drop the socket unless something arrives that cancels this.
   * @param {number} ms
   */
  #watch(ms) {
    this.timers.cancel(this.#deadline);
    const socket = this.#socket;
    this.#deadline = this.timers.after(() => {
      socket?.close();
      if (socket) this.#dropped(socket);
    }, ms);
  }

  /** @param {WebSocket} socket */
  #dropped(socket) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#opened = false;
    this.timers.cancel(this.#deadline);
    this.handlers.status?.("waiting");
    if (this.#isServerGone()) this.turnout.lose();
    const pause = backoffMs(this.#attempt++, this.timers.random) + this.turnout.spreadMs(this.timers.random);
    this.#retry = this.timers.after(() => this.connect(), pause);
  }

  /** Whether it is the server that is away, and not our network: it was refused at once, or again and again. */
  #isServerGone() {
    if (this.#attempt === 0) return false; // an open connection has broken, or the page has only come
    const isRefused = globalThis.navigator?.onLine !== false && this.timers.now() - this.#begunAt < REFUSED_MS;
    return isRefused || this.#attempt > 1;
  }
}
