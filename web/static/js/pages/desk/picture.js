// The room's picture, small, and only while somebody can see it.

import { FLOOR, pictureKey } from "../../lib/state.js";
import { Listener } from "../../lib/whep.js";
import { page, t, write } from "../shell.js";

/** @typedef {import("./card.js").Card} Card */

// Scrolling past, or a look at another tab, is no reason to begin anew.
const GRACE_MS = 3_000;

/**
 * @param {Card} card
 * @returns {Listener}
 */
export function mountPicture(card) {
  const picture = card.part("picture", HTMLVideoElement);
  const listener = new Listener({
    room: card.room,
    token: page.token,
    wanted: { channel: FLOOR, under: false, video: true },
    onTrack: (track) => {
      if (track.kind !== "video") return; // what is heard is the ear's
      picture.srcObject = new MediaStream([track]);
      picture.play().catch(() => {});
    },
    onStatus: () => show(),
  });

  function show() {
    const note = card.part("stage-note", HTMLElement);
    const { state } = listener.session.status;
    const hasPicture = state === "connected" && picture.videoWidth > 0;
    const key = state === "connected" ? pictureKey(card.state, hasPicture) : `connection.${state}`;
    note.hidden = key === null || state === "idle";
    note.dataset.over = String(hasPicture);
    write(note, note.hidden || key === null ? "" : t(key));
  }
  for (const event of ["playing", "resize"]) picture.addEventListener(event, show);
  card.add({ show });
  whileSeen(picture, () => listener.session.start(), () => listener.session.stop());
  return listener;
}

/**
 * @param {HTMLElement} element
 * @param {() => void} begin
 * @param {() => void} end
 */
function whileSeen(element, begin, end) {
  let isInView = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let ending;
  function look() {
    clearTimeout(ending);
    if (isInView && !document.hidden) begin();
    else ending = setTimeout(end, GRACE_MS);
  }
  new IntersectionObserver((entries) => {
    isInView = entries.at(-1)?.isIntersecting ?? false;
    look();
  }).observe(element);
  document.addEventListener("visibilitychange", look);
}
