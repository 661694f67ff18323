// The queue of hands: in order, by language, moved by buttons, keys or the pointer; and the one button for who is next.

import { handRows, newestSpeaker, nextHallLabel, nextHand, placeAfter } from "../../lib/moderating.js";
import { button, element, showRows } from "../desk/rows.js";
import { byId, press, t, write } from "../shell.js";
import { mountDragging } from "./dragging.js";

/** @typedef {import("./chair.js").Chair} Chair */
/** @typedef {ReturnType<typeof handRows>[number]} Row */

/** @param {Chair} chair */
export function mountQueue(chair) {
  const list = byId("hands", HTMLElement);
  const give = byId("give", HTMLButtonElement);
  const take = byId("take", HTMLButtonElement);
  const label = byId("hall-label", HTMLInputElement);
  let suggested = "";

  const rows = () => handRows(chair.state, chair.language);

  /** @param {Row | null} row */
  function giveTo(row) {
    if (!row) return;
    // The hall is on the floor always: its microphone's turn has come when it leaves the queue.
    if (row.person === null) void chair.say("dismiss_hand", { hand: row.hand });
    else void chair.say("give_floor", { person: row.person });
  }

  /**
   * @param {string} hand
   * @param {number} steps
   */
  function move(hand, steps) {
    const to = placeAfter(rows(), hand, steps);
    if (to !== null) void chair.say("move_hand", { hand, to });
  }

  async function addHallHand() {
    const wanted = label.value.trim() || suggested;
    if (await chair.say("raise_hall_hand", { label: wanted })) label.value = "";
  }

  const giveNext = () => giveTo(nextHand(chair.state, chair.language));
  function takeBack() {
    const speaker = newestSpeaker(chair.state);
    if (speaker) void chair.say("take_floor", { person: speaker.person });
  }

  give.addEventListener("click", giveNext);
  take.addEventListener("click", takeBack);
  byId("lower-all", HTMLButtonElement).addEventListener("click", () => void chair.say("lower_all_hands"));
  byId("hall-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void addHallHand();
  });
  mountDragging(list, move);

  /** @param {Row} row */
  function make(row) {
    const item = element("li", "hand");
    const handle = button("", () => {}, "button small handle");
    handle.append(element("span", "grip"));
    const name = element("p", "hand-name");
    name.append(element("strong"), element("span", "quiet"));
    const acts = element("div", "hand-acts");
    acts.append(
      button(t("moderator.give_short"), () => giveTo(rows().find(({ hand }) => hand === row.hand) ?? null), "button small give-one"),
      sign("↑", () => move(row.hand, -1)),
      sign("↓", () => move(row.hand, 1)),
      sign("✕", () => void chair.say("dismiss_hand", { hand: row.hand })),
    );
    item.append(handle, name, acts);
    return item;
  }

  /**
   * @param {HTMLElement} item
   * @param {Row} row
   */
  function fill(item, row) {
    item.dataset.can = String(row.canSpeak);
    const [handle, one, up, down, dismiss] = [...item.querySelectorAll("button")];
    const about = { name: row.label, place: row.place + 1 };
    handle?.setAttribute("aria-label", t("moderator.hand_handle", about));
    one?.setAttribute("aria-label", `${one.textContent}: ${row.label}`);
    up?.setAttribute("aria-label", t("moderator.hand_up", about));
    down?.setAttribute("aria-label", t("moderator.hand_down", about));
    dismiss?.setAttribute("aria-label", t("moderator.hand_dismiss", about));
    one?.toggleAttribute("disabled", !row.canSpeak);
    write(item.querySelector("strong"), `${row.place + 1}. ${row.label}`);
    const minutes = Math.max(0, Math.floor((chair.now_ms - row.since) / 60_000));
    const what = row.person === null ? t("moderator.hand_hall") : chair.nameOf(row.language) || t("moderator.language_unsaid");
    const waits = minutes > 0 ? t("moderator.waits", { n: minutes }) : "";
    const away = row.canSpeak ? "" : t("moderator.hand_away");
    write(item.querySelector(".quiet"), [what, waits, away].filter(Boolean).join(" · "));
  }

  function showFilter() {
    const choices = [null, ...chair.languages];
    showRows(
      byId("hand-filter", HTMLElement),
      choices,
      (choice) => choice ?? "all",
      (choice) =>
        button("", () => {
          chair.language = choice;
          chair.show();
        }, "button small"),
      (key, choice) => {
        const n = choice === null ? rows().length : handRows(chair.state, choice).length;
        write(key, choice === null ? t("moderator.filter_all") : chair.nameOf(choice));
        key.hidden = choice !== null && n === 0 && chair.language !== choice;
        press(key, chair.language === choice);
      },
    );
  }

  function show() {
    const shown = rows();
    const { hands = [] } = chair.state;
    write(byId("hands-count", HTMLElement), String(hands.length));
    byId("hands-none", HTMLElement).hidden = shown.length > 0;
    byId("lower-all", HTMLButtonElement).disabled = hands.length === 0;
    showFilter();
    showRows(list, shown, ({ hand }) => hand, make, fill);
    suggested = nextHallLabel(chair.state, (n) => t("moderator.hall_mic", { n }));
    label.placeholder = suggested;
    showActs();
  }

  function showActs() {
    const next = nextHand(chair.state, chair.language);
    give.disabled = next === null;
    write(give.querySelector(".act-name"), next?.label ?? t("moderator.nobody_waits"));
    write(give.querySelector(".act-more"), next ? (chair.nameOf(next.language) || (next.person === null ? t("moderator.hand_hall") : "")) : "");
    const speaker = newestSpeaker(chair.state);
    take.disabled = speaker === null;
    write(take.querySelector(".act-name"), speaker?.name ?? t("moderator.nobody_speaks"));
  }

  chair.add({ show });
  return { giveNext, takeBack, addHallHand: () => void addHallHand() };
}

/**
 * A button with a sign alone; its name comes with `fill`.
 * @param {string} text
 * @param {() => void} act
 */
function sign(text, act) {
  const made = button("", act, "button small sign");
  const shown = element("span", "", text);
  shown.setAttribute("aria-hidden", "true");
  made.append(shown);
  return made;
}
