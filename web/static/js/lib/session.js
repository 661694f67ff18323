// One WHIP or WHEP session kept alive: offer, answer, and again whenever it breaks. RFC 9725, draft-ietf-wish-whep.
//
// The server is ICE-lite and learns the browser's address from its checks, so the offer goes out at once and no
// candidates are gathered first.

import { backoffMs, browserTimers } from "./timing.js";

/** Grace for a connection that says "disconnected": Wi-Fi roams, phones change cells. */
export const DISCONNECTED_MS = 5_000;
const CONNECT_MS = 10_000;
const REQUEST_MS = 10_000;
const RETRY_STATUS = new Set([408, 409, 425, 429]);

/**
 * What became of a session. "refused" is final (the request itself is wrong or not allowed); "waiting" tries again.
 * `code` and `text` come from the server; without an answer they are absent.
 * @typedef {{state: "idle" | "connecting" | "connected" | "waiting" | "refused", code?: string, text?: string}} SessionStatus
 */
/**
 * @typedef {object} SessionTools
 * @property {typeof fetch} fetch
 * @property {() => RTCPeerConnection} createPeer
 * @property {import("./timing.js").Timers} timers
 */
/** @type {SessionTools} */
export const browserTools = {
  fetch: (...request) => fetch(...request),
  createPeer: () => new RTCPeerConnection({ bundlePolicy: "max-bundle" }),
  timers: browserTimers,
};

export class Session {
  /** @type {RTCPeerConnection | null} */ #peer = null;
  /** @type {string | null} */ #location = null;
  #generation = 0;
  #attempt = 0;
  /** @type {unknown} */ #timer = null;
  /** @type {SessionStatus} */ #status = { state: "idle" };

  /**
   * @param {object} options
   * @param {() => string} options.endpoint   asked anew at each attempt
   * @param {string | null | undefined} options.token  bearer; none for anonymous listeners
   * @param {(peer: RTCPeerConnection) => void} options.prepare  adds transceivers and handlers to a fresh peer
   * @param {(status: SessionStatus) => void} options.onStatus
   * @param {() => void} [options.onAnswered]  the session's address is known
   * @param {SessionTools} [options.tools]
   */
  constructor({ endpoint, token, prepare, onStatus, onAnswered = () => {}, tools = browserTools }) {
    this.endpoint = endpoint;
    /** @type {Record<string, string>} */
    this.headers = token ? { Authorization: `Bearer ${token}` } : {};
    this.prepare = prepare;
    this.onStatus = onStatus;
    this.onAnswered = onAnswered;
    this.tools = tools;
  }

  /** @returns {string | null} address of the running session, for requests about it */
  get location() {
    return this.#location;
  }

  /** @returns {SessionStatus} */
  get status() {
    return this.#status;
  }

  /** @returns {RTCPeerConnection | null} */
  get peer() {
    return this.#peer;
  }

  /** Open, unless open already. */
  start() {
    if (this.#status.state === "idle" || this.#status.state === "refused") this.restart();
  }

  /** Open anew at once: another server answers now, or what is sent has changed. */
  restart() {
    this.#attempt = 0;
    this.#clear();
    void this.#open();
  }

  /** The network is back: do not sit out the pause. */
  nudge() {
    if (this.#status.state === "waiting") this.restart();
  }

  /** Close for good (until `start`). Safe while the page is going away: the request outlives it. */
  stop() {
    this.#clear();
    this.#tell({ state: "idle" });
  }

  #clear() {
    this.#generation += 1;
    this.tools.timers.cancel(this.#timer);
    this.#peer?.close();
    this.#peer = null;
    if (this.#location) this.#remove(this.#location);
    this.#location = null;
  }

  /** @param {string} location */
  #remove(location) {
    const request = this.tools.fetch(location, { method: "DELETE", headers: this.headers, keepalive: true });
    request.catch(() => {}); // the server forgets a silent peer by itself
  }

  async #open() {
    const mine = this.#generation;
    this.#tell({ state: "connecting" });
    const peer = this.tools.createPeer();
    this.#peer = peer;
    peer.onconnectionstatechange = () => this.#followed(peer);
    try {
      this.prepare(peer);
      await peer.setLocalDescription(await peer.createOffer());
      const response = await this.#post(peer.localDescription?.sdp ?? "");
      await this.#answered(mine, peer, response);
    } catch {
      if (mine === this.#generation) this.#again({});
    }
  }

  /** @param {string} offer */
  #post(offer) {
    return this.tools.fetch(this.endpoint(), {
      method: "POST",
      headers: { ...this.headers, "Content-Type": "application/sdp" },
      body: offer,
      signal: AbortSignal.timeout(REQUEST_MS),
    });
  }

  /**
   * @param {number} mine
   * @param {RTCPeerConnection} peer
   * @param {Response} response
   */
  async #answered(mine, peer, response) {
    const body = await response.text();
    const location = response.status === 201 ? response.headers.get("Location") : null;
    if (mine !== this.#generation) {
      if (location) this.#remove(location);
      return;
    }
    if (!location) {
      this.#refused(response, body);
      return;
    }
    this.#location = location;
    await peer.setRemoteDescription({ type: "answer", sdp: body });
    if (mine !== this.#generation) return;
    if (peer.connectionState !== "connected") this.#timer = this.tools.timers.after(() => this.#again({}), CONNECT_MS);
    this.onAnswered();
  }

  /**
   * @param {Response} response
   * @param {string} body
   */
  #refused(response, body) {
    const problem = parseProblem(body);
    if (response.status < 500 && !RETRY_STATUS.has(response.status)) {
      this.#clear();
      this.#tell({ state: "refused", ...problem });
      return;
    }
    this.#again(problem, Number(response.headers.get("Retry-After")) * 1000 || 0);
  }

  /** @param {RTCPeerConnection} peer */
  #followed(peer) {
    if (peer !== this.#peer) return;
    const state = peer.connectionState;
    if (state === "connected") {
      this.#attempt = 0;
      this.tools.timers.cancel(this.#timer);
      this.#tell({ state: "connected" });
    } else if (state === "disconnected") {
      this.tools.timers.cancel(this.#timer);
      this.#timer = this.tools.timers.after(() => this.#again({}), DISCONNECTED_MS);
    } else if (state === "failed" || state === "closed") {
      this.#again({});
    }
  }

  /**
   * @param {{code?: string, text?: string}} problem
   * @param {number} [atLeastMs]
   */
  #again(problem, atLeastMs = 0) {
    this.#clear();
    const mine = this.#generation;
    this.#tell({ state: "waiting", ...problem });
    const wait = Math.max(atLeastMs, backoffMs(this.#attempt++, this.tools.timers.random));
    this.#timer = this.tools.timers.after(() => {
      if (mine === this.#generation) void this.#open();
    }, wait);
  }

  /** @param {SessionStatus} status */
  #tell(status) {
    this.#status = status;
    this.onStatus(status);
  }
}

/**
 * The server's `{"error": {"code", "text"}}`; empty where something else answered (a proxy's own page).
 * @param {string} body
 * @returns {{code?: string, text?: string}}
 */
export function parseProblem(body) {
  try {
    const { code, text } = JSON.parse(body).error;
    return { code: String(code), text: String(text) };
  } catch {
    return {};
  }
}
