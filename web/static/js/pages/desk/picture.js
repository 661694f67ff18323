// The room's picture, small, and its floor to listen to: one room at a time.

import { FLOOR, pictureKey } from "../../lib/state.js";
import { Listener } from "../../lib/whep.js";
import { page, press, t, write } from "../shell.js";

/** @typedef {import("./card.js").Card} Card */

/** @type {(() => void) | null} */
let hushOther = null;

/**
 * @param {Card} card
 * @returns {Listener}
 */
export function mountPicture(card) {
  const picture = card.part("picture", HTMLVideoElement);
  const sound = card.part("sound", HTMLAudioElement);
  const listen = card.part("listen", HTMLButtonElement);
  sound.muted = true;

  /** @param {boolean} isOn */
  function hear(isOn) {
    if (isOn) hushOther?.();
    hushOther = isOn ? () => hear(false) : null;
    sound.muted = !isOn;
    if (isOn) sound.play().catch(() => {});
    press(listen, isOn);
    write(listen, t(isOn ? "desk.listening" : "desk.listen"));
  }
  listen.addEventListener("click", () => hear(sound.muted));

  const listener = new Listener({
    room: card.room,
    token: page.token,
    wanted: { channel: FLOOR, under: false, video: true },
    onTrack: (track) => {
      const element = track.kind === "video" ? picture : sound;
      element.srcObject = new MediaStream([track]);
      element.play().catch(() => {});
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
  listener.session.start();
  return listener;
}
