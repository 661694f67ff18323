// What the watch page says about what is seen and heard. Pure: how things stand in, keys of texts out.

import { heardKey, pictureKey } from "./state.js";

/**
 * How things stand for a listener.
 * @typedef {object} Standing
 * @property {import("./state.js").RoomState} state
 * @property {string} channel
 * @property {import("./session.js").SessionStatus["state"]} session  of the way in use
 * @property {boolean} isWanted     a language has been chosen
 * @property {boolean} isPaused     by the listener
 * @property {boolean} isHeldBack   the browser does not let it sound yet, or has stopped it
 * @property {boolean} isRewound    what is shown was before
 * @property {boolean} isUnder      the original lies under the interpreter
 * @property {boolean} isBlind      only sound is wished
 * @property {boolean} hasPicture
 */

/**
 * The sentence that says what is heard. Only what is really heard is called so, and what was heard in the hall before
 * is not called now.
 * @param {Standing} standing
 * @returns {string} key; takes {language} (of the channel) and {floor}
 */
export function heardWords({ state, channel, session, isWanted, isPaused, isHeldBack, isRewound, isUnder }) {
  if (!isWanted) return "watch.not_yet";
  if (isPaused) return "watch.paused";
  if (session !== "connected") return "watch.chosen";
  if (isHeldBack) return "watch.held_back";
  return isRewound ? "watch.rewound" : heardKey(state, channel, isUnder);
}

/**
 * The words over the picture; null when the picture says it all.
 * @param {Standing} standing
 * @returns {string | null} key
 */
export function stageWords({ state, session, isWanted, isRewound, isBlind, hasPicture }) {
  if (!isWanted) return "watch.choose_below";
  if (session !== "connected") return `connection.${session}`;
  if (isRewound) return isBlind ? "watch.only_sound" : null;
  if (state.is_held) return "watch.held";
  if (isBlind && state.venue !== "lost") return "watch.only_sound";
  return pictureKey(state, hasPicture);
}
