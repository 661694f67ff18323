// What a room's state means for who moderates it: the queue, the floor, the people. Pure.

import { programmeNow } from "./programme.js";

/** @typedef {import("./state.js").RoomState} RoomState */
/** @typedef {{hand: string, person: string | null, label: string, language: string | null, since: number}} Hand */
/**
 * @typedef {object} Speaker
 * @property {string} person
 * @property {string} name
 * @property {string | null} language
 * @property {number} since  epoch ms
 * @property {boolean} live  their sound comes
 * @property {"self" | "moderator" | null} muted
 * @property {number | null} [face]  the slot of their picture
 */
/**
 * @typedef {object} Attendee
 * @property {string} person
 * @property {string} name
 * @property {string} role
 * @property {string | null} speaks
 * @property {string} hears
 * @property {"waiting" | "backstage" | "seated" | "removed"} place
 * @property {boolean} present
 * @property {boolean} live
 */
/**
 * @typedef {object} Question
 * @property {number | string} id
 * @property {string} person
 * @property {string} name
 * @property {string | null} language
 * @property {string} text
 * @property {number} at  epoch ms
 * @property {"open" | "answered" | "dismissed"} standing
 */
/**
 * The workshop's part of the state, as who runs the room is told it.
 * @typedef {object} Workshop
 * @property {"open" | "waiting" | "closed"} [door]
 * @property {boolean} [is_closed]
 * @property {Speaker[]} [speakers]  the newest last
 * @property {Attendee[]} [people]
 * @property {Hand[]} [hands]  in order
 * @property {{person: string, name: string, at: number}[]} [floor_lost]
 * @property {boolean | null} [follows_speaker]
 * @property {{since: number, seconds: number} | null} [timer]
 * @property {Question[]} [questions]
 * @property {import("./intercom.js").Talk[]} [talks]
 */
/** @typedef {RoomState & Workshop} ModeratedRoom */

/** So many rows of the roster are shown; whoever is not among them is found by name. */
export const ROSTER_ROWS = 60;

/**
 * The hands of those who speak a language, each with its place in the whole queue; those who did not say are always in.
 * @param {ModeratedRoom} state
 * @param {string | null} language  null is all
 * @returns {(Hand & {place: number, canSpeak: boolean})[]}
 */
export function handRows({ hands = [], people = [] }, language) {
  const byPerson = new Map(people.map((one) => [one.person, one]));
  return hands
    .map((hand, place) => {
      const person = hand.person === null ? null : byPerson.get(hand.person);
      const canSpeak = hand.person === null || (person?.place === "seated" && person.present);
      return { ...hand, language: person?.speaks ?? hand.language, place, canSpeak };
    })
    .filter((hand) => language === null || hand.language === null || hand.language === language);
}

/**
 * Whoever the big button is for: the first hand that can be given the floor.
 * @param {ModeratedRoom} state
 * @param {string | null} language
 */
export function nextHand(state, language) {
  return handRows(state, language).find(({ canSpeak }) => canSpeak) ?? null;
}

/**
 * Where a hand goes in the whole queue when it is moved by so many places among those that are shown.
 * @param {{hand: string, place: number}[]} rows  as shown
 * @param {string} hand
 * @param {number} steps  negative is towards the front
 * @returns {number | null}  null when it stays
 */
export function placeAfter(rows, hand, steps) {
  const at = rows.findIndex((row) => row.hand === hand);
  const to = Math.max(0, Math.min(at + steps, rows.length - 1));
  return at < 0 || to === at ? null : (rows[to]?.place ?? null);
}

/**
 * How many places a row has been dragged, by where the others stand.
 * @param {number[]} middles  of all rows as shown, in pixels from the top
 * @param {number} at  the row's own number
 * @param {number} y  of the pointer
 * @returns {number} steps, negative towards the front
 */
export function stepsDragged(middles, at, y) {
  const above = middles.filter((middle, i) => i !== at && middle < y).length;
  return above - at;
}

/**
 * The label of the next microphone of the hall that is not in the queue yet.
 * @param {ModeratedRoom} state
 * @param {(n: number) => string} label
 */
export function nextHallLabel({ hands = [] }, label) {
  const listed = new Set(hands.map((hand) => hand.label));
  let n = 1;
  while (listed.has(label(n))) n += 1;
  return label(n);
}

/**
 * @param {ModeratedRoom} state
 * @returns {Speaker | null} whose floor the big button takes back: the newest of all
 */
export function newestSpeaker({ speakers = [] }) {
  return speakers.at(-1) ?? null;
}

/** @typedef {"heard" | "muted_self" | "muted_moderator" | "silent"} SpeakerSound */

/**
 * What comes of somebody who has the floor.
 * @param {Speaker} speaker
 * @returns {SpeakerSound}
 */
export function soundOf({ live, muted }) {
  if (muted) return `muted_${muted}`;
  return live ? "heard" : "silent";
}

/**
 * @param {ModeratedRoom} state
 * @param {Attendee["place"]} place
 */
export function peopleAt({ people = [] }, place) {
  return people.filter((one) => one.place === place);
}

/**
 * The roster: who waits at the door first, then backstage, then by name; found by any part of the name.
 * @param {ModeratedRoom} state
 * @param {string} wanted  what is searched for
 * @param {string} lang    by whose order
 * @returns {{rows: Attendee[], more: number}} at most ROSTER_ROWS of them, and how many are not shown
 */
export function roster({ people = [] }, wanted, lang) {
  const order = { waiting: 0, backstage: 1, seated: 2, removed: 3 };
  const needle = wanted.trim().toLocaleLowerCase(lang);
  const { compare } = new Intl.Collator(lang);
  const found = people
    .filter(({ name }) => name.toLocaleLowerCase(lang).includes(needle))
    .sort((a, b) => order[a.place] - order[b.place] || compare(a.name, b.name));
  return { rows: found.slice(0, ROSTER_ROWS), more: Math.max(0, found.length - ROSTER_ROWS) };
}

/** @typedef {"admit" | "give_floor" | "call_backstage" | "bring_on" | "write" | "remove"} PersonAct  as the commands are called, but for writing */

/**
 * What may be done with somebody, by where they are.
 * @param {Attendee} attendee
 * @param {ModeratedRoom} state
 * @returns {PersonAct[]}
 */
export function actsFor({ person, role, place, present }, { speakers = [] }) {
  const hasFloor = speakers.some((one) => one.person === person);
  /** @type {PersonAct[]} */
  const give = !hasFloor && present ? ["give_floor"] : [];
  if (role === "moderator") return give;
  if (place === "waiting") return ["admit", "call_backstage", "write", "remove"];
  if (place === "removed") return ["admit"];
  if (place === "backstage") return [...(present ? /** @type {PersonAct[]} */ (["bring_on"]) : []), "write", "remove"];
  return [...give, "call_backstage", "write", "remove"];
}

/**
 * Whether the own microphone's track may carry sound: on the floor with the microphone open.
 * @param {ModeratedRoom} state
 * @param {string} person
 */
export function isOwnMicOpen({ speakers = [] }, person) {
  return speakers.find((one) => one.person === person)?.muted === null;
}

/**
 * Whether those backstage hear somebody by the intercom, or will as soon as the microphone is there.
 * @param {ModeratedRoom} state
 * @param {string} person
 */
export function talksBackstage({ talks = [] }, person) {
  return talks.some((talk) => talk.person === person && talk.to === "backstage");
}

/**
 * Whether to offer the holding slide: a break has begun and the picture of the hall still goes out.
 * @param {ModeratedRoom} state
 */
export function wantsSlide(state) {
  const { now } = programmeNow(state);
  return now?.kind === "break" && !state.is_held;
}
