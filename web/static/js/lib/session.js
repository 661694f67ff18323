// One WHIP or WHEP session kept alive: offer, answer, and again whenever it breaks. RFC 9725, draft-ietf-wish-whep.
//
// The server is ICE-lite and learns the browser's address from its checks, so the offer goes out at once and no
// candidates are gathered first.

import { iceConfiguration, iceFragment, parseIceLinks, restartedAnswer, wayOf } from "./ice.js";
import { Pulse, arrivals } from "./pulse.js";
import { backoffMs, browserTimers } from "./timing.js";
import { turnout } from "./turnout.js";

/** Grace for a connection that says "disconnected" (Wi-Fi roams, phones change cells), until ICE is restarted. */
export const DISCONNECTED_MS = 2_000;
/** How long a restart may take, until everything is opened anew. */
export const RESTART_MS = 6_000;
/** How often a running connection is asked which way it takes, and whether anything still comes. */
export const LOOK_MS = 1_000;
const PATCH_MS = 3_000;
const PATCH_PAUSE_MS = 1_000;
const CONNECT_MS = 10_000;
const EDGE_SPREAD_MS = 500;
/** So long an offer that is under way may take, once another process of the server is known to answer. */
export const RENEW_MS = 2_000;
const REQUEST_MS = 10_000;
const RETRY_STATUS = new Set([408, 409, 425, 429]);

/**
 * What became of a session. "refused" is final (the request itself is wrong or not allowed); "waiting" tries again.
 * `code` and `text` come from the server; without an answer they are absent. `way` is known soon after "connected".
 * @typedef {object} SessionStatus
 * @property {"idle" | "connecting" | "connected" | "waiting" | "refused"} state
 * @property {string} [code]
 * @property {string} [text]
 * @property {import("./ice.js").Way} [way]
 */
/**
 * @typedef {object} SessionTools
 * @property {typeof fetch} fetch
 * @property {() => RTCPeerConnection} createPeer
 * @property {import("./timing.js").Timers} timers
 * @property {import("./turnout.js").Turnout} turnout
 */
/** @type {SessionTools} */
export const browserTools = {
  fetch: (...request) => fetch(...request),
  createPeer: () => new RTCPeerConnection({ bundlePolicy: "max-bundle", ...iceConfiguration }),
  timers: browserTimers,
  turnout,
};

export class Session {
  /** @type {RTCPeerConnection | null} */ #peer = null;
  /** @type {string | null} */ #location = null;
  /** @type {string | null} the server's process that answered */ #boot = null;
  /** @type {string | null} the one that is to answer what is under way */ #awaited = null;
  /** @type {string | null} */ #edge = null;
  /** @type {string | null} */ #lostEdge = null;
  #generation = 0;
  #attempt = 0;
  /** @type {unknown} */ #timer = null;
  /** @type {unknown} */ #lookTimer = null;
  #pulse = new Pulse();
  #isRestarting = false;
  /** @type {SessionStatus} */ #status = { state: "idle" };

  /**
   * @param {object} options
   * @param {() => string} options.endpoint   asked anew at each attempt
   * @param {string | null | undefined} options.token  bearer; none for anonymous listeners
   * @param {(peer: RTCPeerConnection) => void} options.prepare  adds transceivers and handlers to a fresh peer
   * @param {(status: SessionStatus) => void} options.onStatus
   * @param {() => void} [options.onAnswered]  the session's address is known
   * @param {(sdp: string) => string} [options.amend]  the server's answer as the browser is to have it
   * @param {(peer: RTCPeerConnection, entries: Iterable<[string, any]>) => void} [options.onLook]  about once a second
   * @param {SessionTools} [options.tools]
   */
  constructor({ endpoint, token, prepare, onStatus, onAnswered = () => {}, amend = (sdp) => sdp, onLook = () => {}, tools = browserTools }) {
    this.endpoint = endpoint;
    /** @type {Record<string, string>} */
    this.headers = token ? { Authorization: `Bearer ${token}` } : {};
    this.prepare = prepare;
    this.onStatus = onStatus;
    this.onAnswered = onAnswered;
    this.amend = amend;
    this.onLook = onLook;
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

  /**
   * Another process of the server answers now: open anew, unless the session has found it already. An offer that is
   * under way may have gone to either, so its answer is waited for.
   * @param {string} boot  as the process names itself, in the WebSocket's welcome and with each answer
   */
  renew(boot) {
    const { state } = this.#status;
    if (state === "idle" || (this.#location && this.#boot === boot)) return;
    if (state !== "connecting" || this.#location) return this.restart();
    this.#awaited = boot;
    this.tools.timers.cancel(this.#timer);
    this.#timer = this.tools.timers.after(() => this.restart(), RENEW_MS);
  }

  /**
   * An edge of the server is gone. If the session was there it is opened anew, at a moment within half a second, so
   * that a thousand listeners do not come in one blow.
   * @param {string} edge  as the server named it with its answer
   */
  leaveEdge(edge) {
    this.#lostEdge = edge;
    if (this.#edge !== edge) return;
    this.#location = null; // nobody is there to say goodbye to
    this.#attempt = 0;
    this.#clear();
    const mine = this.#generation;
    this.#tell({ state: "waiting" });
    this.#timer = this.tools.timers.after(() => {
      if (mine === this.#generation) void this.#open();
    }, this.tools.timers.random() * EDGE_SPREAD_MS);
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
    this.tools.timers.cancel(this.#lookTimer);
    this.#isRestarting = false;
    this.#peer?.close();
    this.#peer = null;
    if (this.#location) this.#remove(this.#location);
    this.#location = null;
    this.#boot = this.#awaited = null;
    this.#edge = null;
  }

  /** @param {string} location */
  #remove(location) {
    const request = this.tools.fetch(location, { method: "DELETE", headers: this.headers, keepalive: true });
    request.catch(() => {}); // the server forgets a silent peer by itself
  }

  async #open() {
    const mine = this.#generation;
    this.#tell({ state: "connecting" });
    const peer = this.#createPeer();
    if (!peer) return;
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

  /** A browser without WebRTC, by its maker's or its owner's wish, will not have it the next time either. */
  #createPeer() {
    try {
      return this.tools.createPeer();
    } catch {
      this.#tell({ state: "refused", code: "no_webrtc" });
      return null;
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
    this.#boot = response.headers.get("Tolmach-Boot");
    // Of the process before. It is asked once: opened anew, nobody in particular is waited for.
    if ((this.#awaited ?? this.#boot) !== this.#boot) return this.restart();
    this.tools.timers.cancel(this.#timer);
    this.#edge = response.headers.get("Tolmach-Edge");
    if (this.#edge && this.#edge === this.#lostEdge) {
      this.leaveEdge(this.#edge); // it died while the answer was on its way
      return;
    }
    const servers = parseIceLinks(response.headers.get("Link"));
    if (servers.length) iceConfiguration.iceServers = servers; // opened for longer than those before
    await peer.setRemoteDescription({ type: "answer", sdp: this.amend(body) });
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
      this.#restarted();
      this.#pulse.rest(this.tools.timers.now());
      this.#tell({ ...this.#status, state: "connected" });
      void this.#look(peer);
    } else if (state === "disconnected" && !this.#isRestarting) {
      this.tools.timers.cancel(this.#timer);
      this.#timer = this.tools.timers.after(() => void this.#restartIce(peer), DISCONNECTED_MS);
    } else if (state === "failed" || state === "closed") {
      this.#again({});
    }
  }

  /**
   * The network has changed under a running session: keep it, and find another way to the server.
   * @param {RTCPeerConnection} peer
   */
  async #restartIce(peer) {
    const mine = this.#generation;
    this.#isRestarting = true;
    this.tools.timers.cancel(this.#timer);
    this.#timer = this.tools.timers.after(() => this.#again({}), RESTART_MS);
    try {
      peer.restartIce();
      await peer.setLocalDescription(await peer.createOffer());
      const fragment = await this.#patch(mine, iceFragment(peer.localDescription?.sdp ?? ""));
      if (mine !== this.#generation) return;
      if (!fragment) throw new Error("not restarted");
      const answer = restartedAnswer(peer.currentRemoteDescription?.sdp ?? "", fragment);
      await peer.setRemoteDescription({ type: "answer", sdp: answer });
    } catch {
      // The old way may have come back meanwhile.
      if (mine === this.#generation && peer.connectionState !== "connected") this.#again({});
    }
  }

  /**
   * Send the fragment until the server has answered it; null when it will not have it or is not reached in time.
   * @param {number} mine
   * @param {string} fragment
   */
  async #patch(mine, fragment) {
    const headers = { ...this.headers, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*" };
    const until = this.tools.timers.now() + RESTART_MS;
    while (this.#location && mine === this.#generation && this.tools.timers.now() < until) {
      const request = { method: "PATCH", headers, body: fragment, signal: AbortSignal.timeout(PATCH_MS) };
      const response = await this.tools.fetch(this.#location, request).catch(() => null);
      if (response?.status === 200) return response.text();
      if (response && response.status < 500 && !RETRY_STATUS.has(response.status)) return null;
      const pause = PATCH_PAUSE_MS + this.tools.turnout.spreadMs(this.tools.timers.random);
      await new Promise((resume) => this.tools.timers.after(() => resume(null), pause));
    }
    return null;
  }

  /** The way is there, or there again. */
  #restarted() {
    this.#isRestarting = false;
    this.tools.timers.cancel(this.#timer);
  }

  /**
   * Say which way the packets go, and say it again when they take another. When none come any more the browser takes
   * many seconds to notice; ICE is restarted long before.
   * @param {RTCPeerConnection} peer
   */
  async #look(peer) {
    const report = await peer.getStats().catch(() => []);
    if (peer !== this.#peer || peer.connectionState === "closed") return;
    const entries = /** @type {Iterable<[string, any]>} */ (/** @type {unknown} */ (report));
    const way = wayOf(entries);
    if (way && way !== this.#status.way) this.#tell({ ...this.#status, way });
    this.#feel(peer, arrivals(entries));
    this.tools.timers.cancel(this.#lookTimer);
    this.#lookTimer = this.tools.timers.after(() => void this.#look(peer), LOOK_MS);
    this.onLook(peer, entries);
  }

  /**
   * @param {RTCPeerConnection} peer
   * @param {{count: number, quietMs: number} | null} arrived
   */
  #feel(peer, arrived) {
    if (!arrived || peer.connectionState !== "connected") return;
    const isAlive = this.#pulse.feel(arrived.count, this.tools.timers.now(), arrived.quietMs);
    if (isAlive && this.#isRestarting) {
      this.#restarted();
      this.#tell({ ...this.#status, state: "connected" });
    } else if (!isAlive && !this.#isRestarting) {
      this.#tell({ ...this.#status, state: "connecting" });
      void this.#restartIce(peer);
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
    // What the server wishes is told to all; chance spreads those who were refused together.
    const least = atLeastMs * (1 + this.tools.timers.random() / 2);
    const spread = this.tools.turnout.spreadMs(this.tools.timers.random);
    const wait = Math.max(least, backoffMs(this.#attempt++, this.tools.timers.random) + spread);
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
