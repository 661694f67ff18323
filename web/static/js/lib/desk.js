// What a room's state and facts mean for who sits at the desk. Pure.

/** @typedef {import("./state.js").RoomState} RoomState */
/** @typedef {{person: string, booth: string, name: string, mic: string, live: boolean}} OnAir */
/**
 * @typedef {object} Push
 * @property {string} name
 * @property {string} host
 * @property {"rtmp" | "whip"} way
 * @property {string} channel
 * @property {boolean} is_secure
 * @property {boolean} is_configured
 * @property {"off" | "connecting" | "live" | "waiting" | "failed"} state
 * @property {string} reason
 * @property {number} since  epoch ms
 * @property {number} bytes
 * @property {number} drops
 */
/** @typedef {{packets_per_s: number, lost_percent: number, jitter_ms: number}} Line */
/**
 * What the server tells once a second beside the state.
 * @typedef {object} Facts
 * @property {Push[]} pushes
 * @property {Record<string, {audio?: Line, video?: Line}>} sources
 * @property {{is_running: boolean, late_ms: number, restarts: number} | null} livestream
 * @property {{free_bytes: number, total_bytes: number}} disk
 */

const RUNS_THE_ROOM = ["moderator", "technician"];

/**
 * Whether a role may say a command; the server decides, this only leaves out what would be refused.
 * @param {string} role
 * @param {string} command
 */
export function may(role, command) {
  if (command === "answer_call") return role === "technician";
  if (command === "say") return true;
  return RUNS_THE_ROOM.includes(role);
}

/**
 * Who is on air into a channel, coughing ones too.
 * @param {RoomState} state
 * @param {string} channel
 * @returns {OnAir[]}
 */
export function onAirInto(state, channel) {
  return state.booths.flatMap(({ booth, seats }) =>
    seats
      .filter((seat) => seat.mic !== "off_air" && seat.outgoing === channel)
      .map(({ person, name, mic, live }) => ({ person, booth, name, mic, live })),
  );
}

/**
 * The sources that may be recorded, with what is said of each; `mayGive` is false where only the person can.
 * @param {RoomState & {consents?: Record<string, boolean>}} state
 * @returns {{source: string, name: string | null, kind: string, consents: boolean, mayGive: boolean}[]}
 */
export function consentRows(state) {
  const names = new Map(state.booths.flatMap(({ seats }) => seats.map((seat) => [seat.person, seat.name])));
  return Object.entries(state.consents ?? {}).map(([source, consents]) => {
    const [kind = "", person = ""] = source.split(":");
    const isPersons = kind === "mic" || kind === "speaker";
    return { source, kind, consents, name: isPersons ? (names.get(person) ?? person) : null, mayGive: !isPersons };
  });
}

/**
 * What a push's button does: it starts what is off and stops everything else, also what is only being tried.
 * @param {Push} push
 * @param {string} role
 * @returns {{act: "start" | "stop", isAllowed: boolean}}
 */
export function pushAct(push, role) {
  if (push.state === "off") return { act: "start", isAllowed: role === "organiser" };
  return { act: "stop", isAllowed: role === "organiser" || role === "technician" };
}

/**
 * How the hall's senders stand.
 * @param {{venue_source?: string, venue_sources?: string[]}} state
 * @param {string} source  "venue" or "backup"
 */
export function senderState({ venue_source, venue_sources = [] }, source) {
  const flows = venue_sources.includes(source);
  return { flows, isSelected: venue_source === source, lamp: flows ? "interpreted" : "off" };
}

/**
 * Chat is kept by the page: the server tells the newest lines only.
 * @template {{id: number | string}} L
 * @param {L[]} kept
 * @param {L[]} told
 * @param {number} [most]
 * @returns {L[]}
 */
export function mergeLines(kept, told, most = 200) {
  const last = kept.at(-1);
  const known = new Set(kept.map(({ id }) => id));
  const fresh = told.filter(({ id }) => !known.has(id));
  if (last !== undefined && fresh.some(({ id }) => Number(id) < Number(last.id))) return told.slice(-most);
  return [...kept, ...fresh].slice(-most);
}

/** @param {number} bytes @returns {number} whole megabytes */
export function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}

/** @param {number} bytes @returns {number} gigabytes with one decimal */
export function gigabytes(bytes) {
  return Math.round(bytes / 1e8) / 10;
}
