// What the moderator must not miss, above everything: who waits at the door, a floor that was lost, silent speakers.

import { soundOf } from "../../lib/moderating.js";
import { element, showRows } from "../desk/rows.js";
import { byId, page, t, write } from "../shell.js";

/** @typedef {import("./chair.js").Chair} Chair */

/** Somebody who has just been given the floor may need so long until their sound comes. */
const SILENT_MS = 3_000;

/** @param {Chair} chair */
export function mountNotices(chair) {
  const list = byId("notices", HTMLElement);

  /** @returns {{key: string, words: string}[]} */
  function notices() {
    const { floor_lost: lost = [], speakers = [], asks = [] } = chair.state;
    const gone = lost.map(({ person, name, at }) => ({
      key: `lost|${person}|${at}`,
      words: t("moderator.floor_lost", { name, time: clock(at) }),
    }));
    const silent = speakers
      .filter((speaker) => soundOf(speaker) === "silent" && chair.now_ms - speaker.since > SILENT_MS)
      .map(({ person, name }) => ({ key: `silent|${person}`, words: t("moderator.speaker_silent", { name }) }));
    const wish = asks.at(-1);
    const wished = wish ? [{ key: `wish|${wish.at}`, words: t("moderator.wish_notice", { booth: wish.booth, wish: t(`moderator.wish_${wish.wish}`) }) }] : [];
    return [...gone, ...silent, ...wished];
  }

  function show() {
    showRows(
      list,
      notices(),
      ({ key }) => key,
      () => element("li"),
      (row, { words }) => write(row, words),
    );
  }
  chair.add({ show, tick: show });
}

/** @param {number} at  epoch ms */
function clock(at) {
  return new Date(at).toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit" });
}
