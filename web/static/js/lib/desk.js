// What a room's state and facts mean for who sits at the desk. Pure.

import { FLOOR } from "./state.js";

/** @typedef {import("./state.js").RoomState} RoomState */
/**
 * What the desk is told beside what everybody is.
 * @typedef {object} ForDesk
 * @property {{person: string, name: string}[]} [speakers]  from afar, on the floor
 * @property {{reel: string} | null} [playout]
 * @property {Record<string, Partial<import("./desk_acts.js").Trim>>} [trims]  by source
 */
/** @typedef {RoomState & ForDesk} DeskState */
/** @typedef {{person: string, booth: string, name: string, mic: string, live: boolean, hears: string}} OnAir */
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
/**
 * What came of one kind in the last second. A figure that the server cannot tell is absent or null.
 * @typedef {object} Line
 * @property {number} packets_per_s
 * @property {number} lost_percent
 * @property {number} jitter_ms
 * @property {number | null} [bitrate_kbps]
 * @property {number | null} [frames_per_s]
 * @property {number | null} [keyframe_age_s]
 * @property {number | null} [round_trip_ms]
 * @property {number | null} [delay_ms]
 * @property {number | null} [drift_ppm]
 * @property {number | null} [width]
 * @property {number | null} [height]
 */
/** @typedef {{median: number, worst: number}} Spread */
/**
 * What the server tells once a second beside the state.
 * @typedef {object} Facts
 * @property {Push[]} pushes
 * @property {Record<string, {audio?: Line, video?: Line}>} sources
 * @property {{is_running: boolean, late_ms: number, restarts: number} | null} livestream
 * @property {{free_bytes: number, total_bytes: number}} disk
 * @property {Record<string, {webrtc?: number, hls?: number}>} [listeners]  by channel and way
 * @property {{pages: number, lost_percent: Spread | null, jitter_buffer_ms: Spread | null, concealed_percent: Spread | null}} [reports]
 *   of browsers that agreed
 */

const RUNS_THE_ROOM = ["moderator", "technician"];
const EVERYBODY = ["say", "chain_test"];
const TECHNICIANS = ["answer_call", "set_trim", "cut_mic", "restart_source", "move_listeners"];

/**
 * Whether a role may say a command; the server decides, this only leaves out what would be refused.
 * @param {string} role
 * @param {string} command
 */
export function may(role, command) {
  if (TECHNICIANS.includes(command)) return role === "technician";
  if (EVERYBODY.includes(command)) return true;
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
      .map(({ person, name, mic, live, incoming, hears = incoming }) => ({ person, booth, name, mic, live, hears })),
  );
}

/**
 * Who interprets from whom: the chains of languages from the floor's to one that nobody relies on, as `de → uk → en`.
 * @param {RoomState} state
 * @returns {string[][]}
 */
export function relayChains(state) {
  const relied = new Set();
  /** @type {Map<string, string>} */
  const from = new Map();
  for (const { channel } of state.channels) {
    const [first] = onAirInto(state, channel);
    if (!first) continue;
    from.set(channel, first.hears);
    relied.add(first.hears);
  }
  const ends = [...from.keys()].filter((channel) => !relied.has(channel));
  return ends.map((end) => chainTo(end, from, state.floor_language));
}

/**
 * @param {string} end
 * @param {Map<string, string>} from
 * @param {string} floor
 */
function chainTo(end, from, floor) {
  const chain = [end];
  let heard = from.get(end);
  while (heard !== undefined && heard !== FLOOR && !chain.includes(heard)) {
    chain.unshift(heard);
    heard = from.get(heard);
  }
  if (chain[0] !== floor) chain.unshift(floor);
  return chain;
}

/**
 * How many listen to a channel, by the way they take where the server tells it.
 * @param {RoomState} state
 * @param {Facts | null} facts
 * @param {string} channel
 * @returns {{webrtc: number, hls: number | null}}
 */
export function listenersOf(state, facts, channel) {
  const told = facts?.listeners;
  if (!told) return { webrtc: state.listeners?.[channel] ?? 0, hls: null };
  return { webrtc: told[channel]?.webrtc ?? 0, hls: told[channel]?.hls ?? 0 };
}

/** Past these the ear notices. */
const BAD = { lost_percent: 2, jitter_ms: 40, round_trip_ms: 300 };

/**
 * Whether a stream needs looking after.
 * @param {Line} line
 */
export function isPoor(line) {
  return line.packets_per_s === 0 || line.lost_percent > BAD.lost_percent || line.jitter_ms > BAD.jitter_ms || (line.round_trip_ms ?? 0) > BAD.round_trip_ms;
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
