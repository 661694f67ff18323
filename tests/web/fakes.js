// Stand-ins for what a browser has: timers that wait for nobody, sockets and peers that do as they are told.

import { Turnout } from "../../web/static/js/lib/turnout.js";

/** Timers that run when told: `advance(ms)` moves the clock and lets promises settle in between. */
export class FakeTimers {
  #now = 0;
  #next = 1;
  #due = new Map();
  random = () => 0;
  now = () => this.#now;
  after = (run, ms) => {
    this.#due.set(this.#next, { at: this.#now + ms, run });
    return this.#next++;
  };
  cancel = (handle) => this.#due.delete(handle);

  async advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      const [handle, entry] = [...this.#due].sort((a, b) => a[1].at - b[1].at)[0] ?? [];
      if (!entry || entry.at > end) break;
      this.#due.delete(handle);
      this.#now = entry.at;
      entry.run();
      await settled();
    }
    this.#now = end;
    await settled();
  }
}

/** Let everything that is ready run; reading a Response's body takes turns of the real event loop. */
export async function settled() {
  for (let i = 0; i < 4; i += 1) await new Promise((resume) => setImmediate(resume));
}

/** A promise that the test resolves. */
export function held() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

export class FakeSocket {
  sent = [];
  isClosed = false;
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.isClosed = true;
  }
  receive(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  drop() {
    this.onclose();
  }
}

export class FakePeer {
  connectionState = "new";
  transceivers = [];
  localDescription = null;
  remoteDescription = null;
  addTransceiver(trackOrKind, init) {
    const sender = {
      track: trackOrKind,
      replaceTrack: (t) => { sender.track = t; },
      encodings: init?.sendEncodings ?? [],
      getParameters: () => ({ encodings: structuredClone(sender.encodings) }),
      setParameters: async ({ encodings }) => { sender.encodings = encodings; },
    };
    const transceiver = { trackOrKind, init, sender };
    this.transceivers.push(transceiver);
    return transceiver;
  }
  getSenders() {
    return this.transceivers.map(({ sender }) => sender);
  }
  restarts = 0;
  stats = new Map();
  async createOffer() {
    return { type: "offer", sdp: this.restarts ? `v=0 offer\r\nm=audio 9 P 111 63\r\na=ice-ufrag:u${this.restarts}\r\na=ice-pwd:p\r\na=mid:0\r\n` : "v=0 offer" };
  }
  restartIce() {
    this.restarts += 1;
  }
  get currentRemoteDescription() {
    return this.remoteDescription;
  }
  async getStats() {
    return this.stats;
  }
  async setLocalDescription(description) {
    this.localDescription = description;
  }
  async setRemoteDescription(description) {
    this.remoteDescription = description;
  }
  close() {
    this.connectionState = "closed";
  }
  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange();
  }
}

/** A server for sessions: answers by `answer(method, url, request)` and keeps what it was asked. */
export class FakeServer {
  requests = [];
  peers = [];
  timers = new FakeTimers();
  #sessions = 0;
  /** Which process of the server answers; one that does not say has none. */
  boot = "";
  /** @type {(method: string, url: string) => Response | Promise<Response> | undefined} */
  answer = () => undefined;

  tools = {
    timers: this.timers,
    turnout: new Turnout(),
    createPeer: () => {
      const peer = new FakePeer();
      this.peers.push(peer);
      return peer;
    },
    fetch: async (url, { method, headers, body }) => {
      this.requests.push({ method, url, headers, body });
      return (await this.answer(method, url)) ?? this.#usual(method, url);
    },
  };

  #usual(method, url) {
    if (method === "PATCH") return new Response("a=ice-ufrag:fresh\r\na=ice-pwd:word\r\na=candidate:9\r\n", { status: 200 });
    if (method !== "POST") return new Response(null, { status: method === "PUT" ? 204 : 200 });
    const headers = { Location: `${url.split("?")[0]}/s${++this.#sessions}`, ...(this.boot ? { "Tolmach-Boot": this.boot } : {}) };
    return new Response("v=0 answer", { status: 201, headers });
  }

  /** What was asked, as short lines. */
  get log() {
    return this.requests.map(({ method, url }) => `${method} ${url}`);
  }
}

export function problem(status, code, headers = {}) {
  return new Response(JSON.stringify({ error: { code, text: `about ${code}` } }), { status, headers });
}
