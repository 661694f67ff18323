// The alarms of all rooms: which stand, which are seen, which have just gone. Pure.

/** @typedef {{by: string, at: number}} Acknowledged */
/**
 * @typedef {object} Alarm
 * @property {string} id
 * @property {string} kind
 * @property {string | null} room     null when it is the server's
 * @property {string | null} subject  a source or a bus
 * @property {number} since           epoch ms
 * @property {"red" | "amber"} severity
 * @property {Record<string, string | number | boolean | null>} values
 * @property {Acknowledged | null} acknowledged
 */
/** @typedef {{alarm: Alarm, clearedAt: number | null}} Shown */

/** How long one that has gone is still shown, so that nobody wonders what it was. */
export const LINGER_MS = 30_000;

export class AlarmBook {
  /** @type {Map<string, Shown & {room: string}>} */ #shown = new Map();

  /**
   * What a room's server says stands now; the rest of what it said before has gone.
   * @param {string} room  whose message it is
   * @param {Alarm[]} alarms
   * @param {number} now  epoch ms
   * @returns {Alarm[]} those that were not there before
   */
  take(room, alarms, now) {
    const standing = new Map(alarms.map((alarm) => [alarm.id, alarm]));
    for (const [id, shown] of this.#shown) {
      if (shown.room === room && shown.clearedAt === null && !standing.has(id)) this.#shown.set(id, { ...shown, clearedAt: now });
    }
    const fresh = alarms.filter(({ id }) => this.#shown.get(id)?.clearedAt !== null);
    for (const alarm of alarms) {
      // The server's own alarms come with every room: one line is enough.
      const known = this.#shown.get(alarm.id);
      if (!known || known.room === room || known.clearedAt !== null) this.#shown.set(alarm.id, { alarm, clearedAt: null, room });
    }
    return fresh;
  }

  /**
   * What the page shows: red before amber, not seen before seen, the newest first; what has gone comes last.
   * @param {number} now  epoch ms
   * @returns {Shown[]}
   */
  list(now) {
    for (const [id, { clearedAt }] of this.#shown) {
      if (clearedAt !== null && now - clearedAt > LINGER_MS) this.#shown.delete(id);
    }
    return [...this.#shown.values()].sort((a, b) => weight(a) - weight(b) || b.alarm.since - a.alarm.since);
  }

  /** @returns {Alarm[]} those that stand and that nobody has acknowledged */
  get open() {
    return [...this.#shown.values()].filter(isOpen).map(({ alarm }) => alarm);
  }

  /**
   * @param {string} room
   * @returns {"red" | "amber" | "none"} the worst that stands in a room
   */
  worst(room) {
    const here = [...this.#shown.values()].filter(({ alarm, clearedAt }) => clearedAt === null && alarm.room === room);
    if (here.some(({ alarm }) => alarm.severity === "red")) return "red";
    return here.length > 0 ? "amber" : "none";
  }
}

/** @param {Shown} shown */
function isOpen({ alarm, clearedAt }) {
  return clearedAt === null && !alarm.acknowledged;
}

/** @param {Shown} shown */
function weight({ alarm, clearedAt }) {
  if (clearedAt !== null) return 4;
  return (alarm.severity === "red" ? 0 : 1) + (alarm.acknowledged ? 2 : 0);
}

/**
 * How long something has been so, as a clock shows it: 0:07, 12:30, 1:02:03.
 * @param {number} ms
 */
export function lasting(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
