// The floor: who holds it and what comes of them, the speaker's time, the floor's language, who waits backstage.

import { peopleAt, soundOf, talksBackstage } from "../../lib/moderating.js";
import { minutesWords } from "../../lib/shift.js";
import { timerNow } from "../../lib/timer.js";
import { button, element, showRows } from "../desk/rows.js";
import { isSure } from "../desk/sure.js";
import { byId, press, t, write } from "../shell.js";

/** @typedef {import("./chair.js").Chair} Chair */
/** @typedef {import("../../lib/moderating.js").Speaker} Speaker */
/** @typedef {import("../../lib/moderating.js").Attendee} Attendee */

/** @type {Record<import("../../lib/moderating.js").SpeakerSound, string>} */
const LAMPS = { heard: "on-air", silent: "off", muted_self: "floor", muted_moderator: "floor" };

/** @param {Chair} chair */
export function mountFloor(chair) {
  const timers = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("[data-timer]")]);
  const follows = byId("follows", HTMLInputElement);
  const backstage = byId("talk-backstage", HTMLButtonElement);
  /** @type {Map<string, {level_dbfs: number | null, is_speaking: boolean, reason: string}>} */
  let quality = new Map();

  /** @param {number | null} seconds */
  const setTimer = (seconds) => void chair.say("set_timer", { seconds });
  for (const key of timers) {
    key.addEventListener("click", () => setTimer(Number(key.dataset.timer) || null));
  }
  follows.addEventListener("change", () => void chair.say("set_follow_speaker", { follows: follows.checked }));

  /** @param {Speaker} speaker */
  function make({ person }) {
    const row = element("li", "speaker");
    const lamp = element("span", "lamp");
    lamp.setAttribute("aria-hidden", "true");
    const words = element("p", "speaker-name");
    words.append(element("strong"), element("span", "quiet"));
    const acts = element("div", "speaker-acts");
    acts.append(
      button("", () => void toggleMute(person)),
      button(t("moderator.take_short"), () => void chair.say("take_floor", { person })),
      button(t("moderator.remove"), () => void askRemoval(chair, person), "button small danger-line"),
    );
    row.append(lamp, words, acts);
    return row;
  }

  /** @param {string} person */
  async function toggleMute(person) {
    const speaker = chair.state.speakers?.find((one) => one.person === person);
    if (speaker) await chair.say(speaker.muted ? "unmute" : "mute", { person });
  }

  /**
   * @param {HTMLElement} row
   * @param {Speaker} speaker
   */
  function fill(row, speaker) {
    const sound = soundOf(speaker);
    row.dataset.sound = sound;
    const lamp = row.querySelector(".lamp");
    if (lamp instanceof HTMLElement) lamp.dataset.lamp = LAMPS[sound];
    write(row.querySelector("strong"), speaker.name);
    const measured = quality.get(`speaker:${speaker.person}`);
    const heard = measured?.is_speaking ? t("moderator.sound_speaks") : t(`moderator.sound_${sound}`);
    const flaw = sound === "heard" && measured && ["narrow", "clipping", "quiet", "lossy"].includes(measured.reason) ? ` · ${t(`moderator.flaw_${measured.reason}`)}` : "";
    const language = chair.nameOf(speaker.language) || t("moderator.language_unsaid");
    const since = minutesWords(Math.max(0, (chair.now_ms - speaker.since) / 1000));
    write(row.querySelector(".quiet"), `${language} · ${since} · ${sound === "heard" ? heard : t(`moderator.sound_${sound}`)}${flaw}`);
    const [mute, take, remove] = [...row.querySelectorAll("button")];
    write(mute ?? null, t(speaker.muted ? "moderator.unmute" : "moderator.mute"));
    const attendee = chair.state.people?.find(({ person }) => person === speaker.person);
    if (remove) remove.hidden = attendee?.role === "moderator";
    for (const key of [mute, take, remove]) key?.setAttribute("aria-label", `${key.textContent}: ${speaker.name}`);
  }

  function showLanguages() {
    showRows(
      byId("floor-languages", HTMLElement),
      chair.languages,
      (language) => language,
      (language) => button("", () => void chair.say("set_floor_language", { language }), "button small"),
      (key, language) => {
        write(key, chair.nameOf(language));
        key.lang = document.documentElement.lang;
        press(key, language === chair.state.floor_language);
      },
    );
    follows.checked = chair.state.follows_speaker ?? false;
  }

  function showBackstage() {
    const guests = peopleAt(chair.state, "backstage");
    const talks = talksBackstage(chair.state, chair.person);
    byId("backstage", HTMLElement).hidden = guests.length === 0 && !talks;
    showRows(
      byId("guests", HTMLElement),
      guests,
      ({ person }) => person,
      ({ person }) => {
        const row = element("li", "guest");
        row.append(element("p"), button(t("moderator.bring_on"), () => void chair.say("bring_on", { person }), "button primary small"));
        return row;
      },
      (row, guest) => {
        const ready = !guest.present ? "guest_away" : guest.live ? "guest_ready" : "guest_silent";
        write(row.querySelector("p"), [guest.name, chair.nameOf(guest.speaks), t(`moderator.${ready}`)].filter(Boolean).join(" · "));
        const bring = row.querySelector("button");
        bring?.toggleAttribute("disabled", !guest.present);
        bring?.setAttribute("aria-label", `${t("moderator.bring_on")}: ${guest.name}`);
      },
    );
    press(backstage, talks);
    write(byId("talk-backstage-words", HTMLElement), t(talks ? "moderator.backstage_talking" : "moderator.backstage_talk"));
  }

  function tick() {
    const found = timerNow(chair.state, chair.now_ms);
    const shown = byId("timer", HTMLElement);
    shown.dataset.phase = found?.phase ?? "none";
    write(shown, found ? minutesWords(found.left_s) : "–");
    const over = found?.phase === "over" ? t("moderator.timer_over") : "";
    write(byId("timer-words", HTMLElement), over);
    for (const key of timers) {
      press(key, found !== null && chair.state.timer?.seconds === Number(key.dataset.timer));
    }
    showSpeakers();
  }

  function showSpeakers() {
    const { speakers = [] } = chair.state;
    byId("speakers-none", HTMLElement).hidden = speakers.length > 0;
    showRows(byId("speakers", HTMLElement), speakers.toReversed(), ({ person }) => person, make, fill);
  }

  function show() {
    tick();
    showLanguages();
    showBackstage();
  }

  chair.add({
    show,
    tick,
    news: (news) => {
      if (news.type !== "quality") return;
      quality = new Map(Object.entries(news.sources ?? {}));
      showSpeakers();
    },
    move: () => quality.clear(),
  });
  return { setTimer };
}

/**
 * Send somebody out, once it was asked.
 * @param {Chair} chair
 * @param {string} person
 */
export async function askRemoval(chair, person) {
  const attendee = chair.state.people?.find((one) => one.person === person);
  if (!attendee) return;
  const question = {
    title: t("moderator.remove_sure", { name: attendee.name }),
    effect: t("moderator.remove_effect"),
    act: t("moderator.remove_act"),
  };
  if (await isSure(question)) await chair.say("remove", { person });
}
