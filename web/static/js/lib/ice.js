// Ways to the server: which relays the browser may use, an ICE restart in place, and which way was taken.

/** How connections of this page are made; a page fills it in once, and every 201 brings fresh credentials. */
export const iceConfiguration = {
  /** @type {RTCIceServer[]} */ iceServers: [],
  /** @type {RTCIceTransportPolicy} */ iceTransportPolicy: "all",
};

/**
 * Take the servers of the page's data, and use relays alone where the page's address asks for it by `?relay=1`.
 * Without a relay that would be no way at all, and is not done.
 * @param {RTCIceServer[]} servers
 * @param {string} search  the page's query
 */
export function setIceServers(servers, search) {
  const hasRelay = servers.some(({ urls }) => [urls].flat().some((url) => url.startsWith("turn")));
  iceConfiguration.iceServers = servers;
  iceConfiguration.iceTransportPolicy = hasRelay && new URLSearchParams(search).get("relay") === "1" ? "relay" : "all";
}

/**
 * The servers named by Link headers (RFC 9725 section 4.6); those opened alike are one entry.
 * @param {string | null} header  several headers are joined by commas
 * @returns {RTCIceServer[]}
 */
export function parseIceLinks(header) {
  /** @type {Map<string, {urls: string[], username?: string, credential?: string}>} */
  const servers = new Map();
  for (const [, url, parameters = ""] of (header ?? "").matchAll(/<([^<>]*)>((?:\s*;\s*[\w-]+="[^"]*")*)/g)) {
    const values = Object.fromEntries([...parameters.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    if (values.rel !== "ice-server" || !url) continue;
    const { username, credential } = values;
    const key = JSON.stringify([username, credential]);
    const server = servers.get(key) ?? { urls: /** @type {string[]} */ ([]), ...(username && credential ? { username, credential } : {}) };
    server.urls.push(url);
    servers.set(key, server);
  }
  return [...servers.values()];
}

/**
 * What an offer says of its ICE session, as a PATCH takes it (RFC 8840 section 9). Candidates are left out: the server
 * is ICE-lite and has no use for them.
 * @param {string} offer
 * @returns {string}
 */
export function iceFragment(offer) {
  const lines = offer.split(/\r?\n/);
  /** @param {string} start */
  const first = (start) => lines.find((line) => line.startsWith(start)) ?? "";
  return ["a=ice-ufrag:", "a=ice-pwd:", "m=", "a=mid:"].map((start) => `${shortened(first(start))}\r\n`).join("");
}

/** @param {string} line  an m-line keeps one of its formats, as RFC 9725 shows it */
function shortened(line) {
  return line.startsWith("m=") ? line.split(" ").slice(0, 4).join(" ") : line;
}

/**
 * The answer as it was, with the credentials and candidates of the server's fragment.
 * @param {string} answer
 * @param {string} fragment
 * @returns {string}
 */
export function restartedAnswer(answer, fragment) {
  const fresh = fragment.split(/\r?\n/);
  const candidates = fresh.filter((line) => /^a=(candidate|end-of-candidates)/.test(line));
  /** @param {string} start */
  const first = (start) => fresh.find((line) => line.startsWith(start)) ?? "";
  const lines = answer.split(/\r?\n/).filter((line) => line && !/^a=(candidate|end-of-candidates)/.test(line));
  const changed = lines.flatMap((line) => {
    if (line.startsWith("a=ice-ufrag:")) return [first("a=ice-ufrag:")];
    if (line.startsWith("a=ice-pwd:")) return [first("a=ice-pwd:"), ...candidates];
    return [line];
  });
  return `${changed.join("\r\n")}\r\n`;
}

/** @typedef {"direct" | "relay_udp" | "relay_tcp" | "relay_tls"} Way */

/**
 * Which way the packets go, by the selected pair's own candidate (W3C webrtc-stats section 8); null while none is.
 * @param {Iterable<[string, any]>} report  what getStats gives
 * @returns {Way | null}
 */
export function wayOf(report) {
  const stats = new Map(report);
  const all = [...stats.values()];
  const chosen = all.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId);
  // Firefox marks the pair itself.
  const pair = chosen ? stats.get(chosen.selectedCandidatePairId) : all.find(({ type, selected }) => type === "candidate-pair" && selected);
  const local = pair && stats.get(pair.localCandidateId);
  if (!local) return null;
  if (local.candidateType !== "relay") return "direct";
  return { tcp: /** @type {const} */ ("relay_tcp"), tls: /** @type {const} */ ("relay_tls") }[/** @type {string} */ (local.relayProtocol)] ?? "relay_udp";
}
