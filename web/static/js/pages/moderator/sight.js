// What the moderator sees and hears: the hall, the faces of those who have the floor, and a channel of their choice.

import { newestSpeaker } from "../../lib/moderating.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { FLOOR, pictureKey } from "../../lib/state.js";
import { Listener } from "../../lib/whep.js";
import { element, showRows } from "../desk/rows.js";
import { mountMeter } from "../meters.js";
import { byId, page, press, t, write } from "../shell.js";

/** @typedef {import("./chair.js").Chair} Chair */

const PREFS = "tolmach.moderator.sight";
const FACES = 6;
const PICTURES = ["hall", ...Array.from({ length: FACES }, (_, n) => `face:${n}`)];

const hall = byId("picture", HTMLVideoElement);
const sound = byId("sound", HTMLAudioElement);
const note = byId("stage-note", HTMLElement);
const hears = byId("hears", HTMLSelectElement);
const listen = byId("listen", HTMLButtonElement);
const volume = byId("volume", HTMLInputElement);

/**
 * @param {Chair} chair
 * @param {() => void} onStatus
 */
export function mountSight(chair, onStatus) {
  const prefs = readPrefs(browserStore("localStorage"), PREFS, { volume: 0.8, pictures: true });
  const meter = mountMeter(byId("floor-level", HTMLElement));
  /** @type {Map<string, MediaStreamTrack>} */
  const faces = new Map();
  const listener = new Listener({
    room: page.room,
    token: page.token,
    wanted: { channel: FLOOR, under: false, video: prefs.pictures },
    pictures: PICTURES,
    onTrack: take,
    onStatus,
  });
  sound.muted = true;
  sound.volume = prefs.volume;
  volume.value = String(prefs.volume);

  /**
   * @param {MediaStreamTrack} track
   * @param {string} picture
   */
  function take(track, picture) {
    const stream = new MediaStream([track]);
    if (track.kind === "audio") {
      sound.srcObject = stream;
      if (!sound.muted) sound.play().catch(() => {});
      meter.attach(stream);
    } else if (picture === "hall") {
      hall.srcObject = stream;
      hall.play().catch(() => {});
    } else {
      faces.set(picture, track);
      showFaces();
    }
  }

  /** @param {boolean} isOn */
  function hear(isOn) {
    sound.muted = !isOn;
    if (isOn) sound.play().catch(() => {});
    chair.show();
  }

  function showFaces() {
    const speakers = (chair.state.speakers ?? []).filter(({ face }) => typeof face === "number" && faces.has(`face:${face}`));
    showRows(
      byId("faces", HTMLElement),
      speakers,
      ({ person, face }) => `${person}|${face}`,
      ({ face }) => {
        const tile = element("figure", "face");
        const video = element("video");
        Object.assign(video, { muted: true, autoplay: true, playsInline: true, srcObject: new MediaStream([/** @type {MediaStreamTrack} */ (faces.get(`face:${face}`))]) });
        video.play().catch(() => {});
        tile.append(video, element("figcaption"));
        return tile;
      },
      (tile, { person, name }) => {
        tile.querySelector("video")?.setAttribute("aria-label", name);
        tile.dataset.newest = String(newestSpeaker(chair.state)?.person === person);
        write(tile.querySelector("figcaption"), name);
      },
    );
  }

  function show() {
    const { state } = listener.session.status;
    const hasPicture = state === "connected" && hall.videoWidth > 0;
    const key = !prefs.pictures ? "moderator.pictures_off" : state === "connected" ? pictureKey(chair.state, hasPicture) : `connection.${state}`;
    note.hidden = key === null || state === "idle";
    note.dataset.over = String(hasPicture);
    write(note, note.hidden || key === null ? "" : t(key));
    showFaces();
    fillChannels();
    press(listen, !sound.muted);
    write(byId("listen-words", HTMLElement), t(sound.muted ? "moderator.listen" : "moderator.listening"));
    press(byId("pictures", HTMLButtonElement), prefs.pictures);
  }

  function fillChannels() {
    const channels = [FLOOR, ...chair.languages];
    if (channels.join() !== [...hears.options].map(({ value }) => value).join()) {
      hears.replaceChildren(...channels.map((channel) => new Option(chair.nameOf(channel), channel)));
    }
    if (document.activeElement !== hears) hears.value = chair.own?.hears ?? FLOOR;
  }

  listen.addEventListener("click", () => hear(sound.muted));
  hears.addEventListener("change", () => void chair.say("select_channel", { channel: hears.value }));
  volume.addEventListener("input", () => {
    sound.volume = prefs.volume = Number(volume.value);
    writePrefs(browserStore("localStorage"), PREFS, prefs);
  });
  byId("pictures", HTMLButtonElement).addEventListener("click", () => {
    prefs.pictures = !prefs.pictures;
    writePrefs(browserStore("localStorage"), PREFS, prefs);
    if (!prefs.pictures) {
      faces.clear();
      hall.srcObject = null;
    }
    listener.listen({ video: prefs.pictures });
    chair.show();
  });
  for (const event of ["playing", "resize"]) hall.addEventListener(event, show);
  chair.add({
    show,
    enter: () => listener.session.start(),
    move: () => {
      faces.clear();
      hall.srcObject = null;
      listener.move(page.room);
    },
  });
  return listener;
}
