// What the ears get: how each channel is made, which connections that takes, and what is monitored. Pure.

import { FLOOR } from "./state.js";

/** @typedef {import("./state.js").RoomState} RoomState */
/** @typedef {import("./state.js").Seat} Seat */
/** @typedef {"floor" | "interpreted" | "relay" | "none"} Mark */

/** The signs of the marks, as hardware consoles write them. @type {Readonly<Record<Mark, string>>} */
export const SIGNS = Object.freeze({ floor: "●", interpreted: "+", relay: "−", none: "○" });

/**
 * How a channel is made now: the original itself, interpreted from it, interpreted from another interpreter, or nobody.
 * @param {RoomState} state
 * @param {string} channel
 * @returns {Mark}
 */
export function markOf(state, channel) {
  if (channel === FLOOR) return "floor";
  const found = state.channels.find((entry) => entry.channel === channel);
  if (!found) return "none";
  if (found.mode === "interpreted") return (found.relay ?? 1) > 1 ? "relay" : "interpreted";
  return found.mode === "passthrough" ? "floor" : "none";
}

/**
 * @typedef {object} EarPlan
 * @property {string | null} relay  channel of the second connection beside the floor's; null needs none
 * @property {"original" | "source"} chosen  which of the two is to be heard: the floor, or the relay
 */

/**
 * The floor is always connected, so that a relay that is lost falls back without a hole; a pivot is kept connected
 * while it waits, so that it is there within one fade.
 * @param {Seat | null} seat
 * @returns {EarPlan}
 */
export function earPlan(seat) {
  const hears = seat?.hears ?? seat?.incoming ?? FLOOR;
  if (hears !== FLOOR) return { relay: hears, chosen: "source" };
  const waiting = seat?.incoming !== FLOOR ? seat?.incoming : seat?.pivot;
  return { relay: waiting ?? null, chosen: "original" };
}

/**
 * The channels a seat may rely on: all but the one it speaks into. Another booth's output into a language that the own
 * booth speaks too is the usual pivot: a German one for whoever takes no Ukrainian.
 * @param {RoomState} state
 * @param {Seat | null} seat
 */
export function pivotsOf(state, seat) {
  return state.channels.map(({ channel }) => channel).filter((channel) => channel !== seat?.outgoing);
}

/**
 * The next of a list of choices, the first after the last.
 * @template T
 * @param {readonly T[]} choices
 * @param {T} current
 * @returns {T}
 */
export function nextOf(choices, current) {
  const next = choices[(choices.indexOf(current) + 1) % choices.length];
  if (next === undefined) throw new RangeError("nothing to choose from");
  return next;
}

/** @typedef {"off" | "partner" | "own"} Monitored */

/**
 * What the monitoring section plays beside the source. On air it is silent: then the source alone is heard.
 * @param {RoomState} state
 * @param {import("./state.js").Booth | null} booth
 * @param {string} person
 * @param {Monitored} choice
 * @returns {{channel: string | null, isHeard: boolean}} the channel to be connected; whether somebody speaks there
 */
export function monitorPlan(state, booth, person, choice) {
  const own = booth?.seats.find((seat) => seat.person === person) ?? null;
  const partner = booth?.seats.find((seat) => seat.person !== person && seat.mic !== "off_air") ?? null;
  const source = choice === "partner" ? partner : own;
  if (choice === "off" || !own || !source) return { channel: null, isHeard: false };
  const channel = source.outgoing;
  const isSpoken = state.channels.find((entry) => entry.channel === channel)?.mode === "interpreted";
  return { channel, isHeard: isSpoken && own.mic === "off_air" };
}

/**
 * Who speaks into the same channel as this seat, or is on air in its booth: one voice too many.
 * @param {RoomState} state
 * @param {string} boothId
 * @param {Seat | null} seat
 * @returns {Seat | null}
 */
export function doubledBy(state, boothId, seat) {
  if (!seat || seat.mic === "off_air") return null;
  for (const booth of state.booths) {
    for (const other of booth.seats) {
      const isOpen = other.person !== seat.person && other.mic !== "off_air";
      if (isOpen && (booth.booth === boothId || other.outgoing === seat.outgoing)) return other;
    }
  }
  return null;
}
