// What a room's state means for the person in front of a page. Pure: state in, words and lamps out.

/** @typedef {"off_air" | "on_air" | "coughing"} Mic */
/**
 * @typedef {object} Seat
 * @property {string} person
 * @property {string} name
 * @property {Mic} mic
 * @property {boolean} live      the microphone's sound arrives at the server
 * @property {boolean} present   the page is connected
 * @property {string} outgoing
 * @property {string} incoming
 * @property {string | null} [pivot]  the channel relied on while the floor speaks none of the booth's languages
 * @property {string} [hears]         what is listened to in fact, by incoming, pivot and floor
 */
/** @typedef {{asked_by: string, accepted: boolean}} Handover */
/**
 * @typedef {object} Booth
 * @property {string} booth
 * @property {string[]} languages
 * @property {Seat[]} seats
 * @property {Handover | null} handover
 * @property {import("./shift.js").Shift} [shift]
 */
/**
 * @typedef {object} Line
 * @property {number | string} id
 * @property {string} person
 * @property {string} name
 * @property {string} role
 * @property {string | null} booth
 * @property {"booth" | "interpreters" | "moderator" | "technician" | "booths" | "room" | "person"} to
 * @property {string | null} [to_person]  whom alone it is for
 * @property {string} text
 * @property {string | null} [phrase]  the key of a ready phrase
 * @property {number} at  epoch milliseconds
 */
/**
 * @typedef {object} Channel
 * @property {string} channel
 * @property {"passthrough" | "interpreted" | "fallback"} mode
 * @property {"ducked" | "floor" | "silence"} fallback
 * @property {string | null} booth
 * @property {number} [relay]  0 nobody interprets, 1 from the floor, 2 from another interpreter
 */
/**
 * @typedef {object} RoomState
 * @property {string} room
 * @property {Record<string, string>} title
 * @property {string} floor_language
 * @property {"live" | "demo" | "lost"} venue
 * @property {Channel[]} channels   in the room's order, without the floor
 * @property {Booth[]} booths       without seats for an audience
 * @property {Record<string, number> | null} listeners
 * @property {import("./lectern.js").Ask[]} [asks]  newest last
 * @property {{id: number | string, person: string, booth: string | null, at: number, answered: boolean}[]} [calls]
 * @property {Line[]} [chat]
 * @property {{id: string, since: number} | null} [recording]
 * @property {Record<string, boolean>} [consents]  to being recorded, by source; those that concern one
 * @property {string} [venue_source]  what the floor carries: venue or backup
 * @property {string[]} [venue_sources]  which of the two send
 * @property {{source: string, live: boolean}[]} [venue_microphones]  the hall's further ones
 * @property {string[]} [venue_hears]  languages in which the hall's loudspeakers may have those far away
 * @property {import("./moderating.js").Speaker[]} [speakers]  who holds the floor from afar, the newest last
 * @property {import("./reels.js").Playout | null} [playout]
 * @property {string[]} [troubles]  told to those who run the room
 * @property {boolean} [is_held]  the livestream shows the holding slide by the desk's wish
 * @property {import("./programme.js").Item[]} [items]
 * @property {string | null} [item]
 * @property {import("./timer.js").Timer} [timer]  the speaker's, as a moderator set it
 */
/** @typedef {"interpreted" | "floor" | "off"} Lamp  full, half and empty: told apart by shape, not only by colour */
/** @typedef {{lamp: Lamp, key: string}} ChannelWords */

export const FLOOR = "floor";

/** @type {Record<Channel["fallback"], {short: string, long: string}>} */
const FALLBACK_WORDS = {
  ducked: { short: "channel.nobody_ducked", long: "watch.hear_ducked" },
  floor: { short: "channel.nobody_floor", long: "watch.hear_floor_instead" },
  silence: { short: "channel.nobody_silence", long: "watch.hear_silence" },
};

/**
 * The few words under a language button.
 * @param {RoomState} state
 * @param {string} channel
 * @returns {ChannelWords}
 */
export function channelWords(state, channel) {
  if (channel === FLOOR) return { lamp: "floor", key: "channel.floor_speaks" };
  const found = state.channels.find((entry) => entry.channel === channel);
  if (!found) return { lamp: "off", key: "channel.unknown" };
  if (found.mode === "interpreted") return { lamp: "interpreted", key: "channel.interpreted" };
  if (found.mode === "passthrough") return { lamp: "floor", key: "channel.passthrough" };
  return { lamp: "off", key: FALLBACK_WORDS[found.fallback].short };
}

/**
 * The sentence that tells listeners what they hear now.
 * @param {RoomState} state
 * @param {string} channel
 * @param {boolean} under
 * @returns {string} key; takes {language} (of the channel) and {floor}
 */
export function heardKey(state, channel, under) {
  if (channel === FLOOR) return "watch.hear_floor";
  const found = state.channels.find((entry) => entry.channel === channel);
  if (!found) return "channel.unknown";
  if (found.mode === "passthrough") return "watch.hear_passthrough";
  if (found.mode === "interpreted") return under ? "watch.hear_interpreted_under" : "watch.hear_interpreted";
  return FALLBACK_WORDS[found.fallback].long;
}

/**
 * What has to be said beside the hall's picture; null when the picture says it all.
 * @param {RoomState} state
 * @param {boolean} hasPicture
 */
export function pictureKey(state, hasPicture) {
  if (state.venue === "lost") return "common.venue_lost";
  if (!hasPicture) return "common.picture_coming";
  return state.venue === "demo" ? "common.venue_demo" : null;
}

/**
 * @param {RoomState} state
 * @param {string} person
 * @returns {{booth: Booth, seat: Seat} | null} where this person sits
 */
export function placeOf(state, person) {
  for (const booth of state.booths) {
    const seat = booth.seats.find((entry) => entry.person === person);
    if (seat) return { booth, seat };
  }
  return null;
}

/**
 * Who speaks into a language now, coughing included.
 * @param {RoomState} state
 * @param {string} language
 * @returns {{booth: Booth, seat: Seat} | null}
 */
export function holderOf(state, language) {
  for (const booth of state.booths) {
    const seat = booth.seats.find((entry) => entry.mic !== "off_air" && entry.outgoing === language);
    if (seat) return { booth, seat };
  }
  return null;
}

/**
 * Whether the own microphone's track may carry sound. Holding the cough key closes it before the server knows. Once a
 * handover is accepted the taker's track is open too, though nobody hears it yet: the switch then has no hole.
 * @param {Seat | null | undefined} seat
 * @param {boolean} coughHeld
 * @param {Booth | null} [booth]
 */
export function isMicOpen(seat, coughHeld, booth = null) {
  if (!seat || coughHeld) return false;
  return seat.mic === "on_air" || (seat.mic === "off_air" && booth?.handover?.accepted === true);
}

/**
 * The colleague of the booth from whom the microphone has to be asked for: on air, there, and heard.
 * @param {Booth | null} booth
 * @param {string} person
 * @returns {Seat | null}
 */
export function colleagueOnAir(booth, person) {
  const isBusy = (/** @type {Seat} */ seat) => seat.person !== person && seat.mic !== "off_air";
  return booth?.seats.find((seat) => isBusy(seat) && seat.present && seat.live) ?? null;
}

/** @typedef {"off_air" | "on_air" | "coughing" | "unheard"} AirState */

/**
 * What the on-air key shows. "unheard": on air, but nothing of the microphone arrives.
 * @param {Seat | null | undefined} seat
 * @param {boolean} coughHeld
 * @param {boolean} isSending  the microphone's own connection stands
 * @returns {AirState}
 */
export function airState(seat, coughHeld, isSending) {
  if (!seat || seat.mic === "off_air") return "off_air";
  if (coughHeld || seat.mic === "coughing") return "coughing";
  return seat.live && isSending ? "on_air" : "unheard";
}

/**
 * How far a handover is, seen from one seat.
 * @typedef {"impossible" | "force" | "offer" | "request" | "asked" | "answer" | "switch" | "expect"} HandoverStep
 *   impossible: nobody to hand over to, or nobody on air; force: who is on air is gone or not heard, and their
 *   microphone may be taken; offer, request: may ask; asked: waits for the other;
 *   answer: was asked; switch: accepted, chooses the moment; expect: accepted, the other chooses the moment
 */
/**
 * @param {Booth} booth
 * @param {string} person
 * @returns {{step: HandoverStep, partner: Seat | null}}
 */
export function handoverStep(booth, person) {
  const partner = booth.seats.find((seat) => seat.person !== person && seat.present) ?? null;
  const own = booth.seats.find((seat) => seat.person === person);
  const isOnAir = own !== undefined && own.mic !== "off_air";
  const { handover } = booth;
  const lost = booth.seats.find((seat) => seat !== own && seat.mic !== "off_air" && !(seat.present && seat.live));
  if (own && !isOnAir && lost) return { step: "force", partner: lost };
  if (!own || !partner) return { step: "impossible", partner };
  if (handover?.accepted) return { step: isOnAir ? "switch" : "expect", partner };
  if (handover) return { step: handover.asked_by === person ? "asked" : "answer", partner };
  if (isOnAir) return { step: "offer", partner };
  return { step: partner.mic === "off_air" ? "impossible" : "request", partner };
}

/**
 * What the venue page shows. Without the wire nobody can say that the room is live.
 * @param {RoomState} state
 * @param {import("./session.js").SessionStatus["state"]} session
 * @param {boolean} isWireLost
 * @param {string} [source]  which of the hall's two senders this one is
 * @returns {"off" | "elsewhere" | "connecting" | "live" | "standby" | "waiting" | "refused"}
 */
export function venueState(state, session, isWireLost, source = "venue") {
  const flows = state.venue_sources ? state.venue_sources.includes(source) : state.venue === "live";
  if (session === "idle") return flows && !isWireLost ? "elsewhere" : "off";
  if (isWireLost) return "waiting";
  if (session === "connected") {
    if (flows) return (state.venue_source ?? source) === source ? "live" : "standby";
    return "connecting";
  }
  return session;
}

/**
 * The address of the WebSocket beside a page.
 * @param {string} path
 * @param {string} pageUrl
 */
export function socketUrl(path, pageUrl) {
  const url = new URL(path, pageUrl);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
