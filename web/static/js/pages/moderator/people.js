// The people: the door and who waits at it, everybody by name, and what may be done with each.

import { actsFor, peopleAt, roster } from "../../lib/moderating.js";
import { button, element, showRows } from "../desk/rows.js";
import { byId, page, t, write } from "../shell.js";
import { askRemoval } from "./floor.js";

/** @typedef {import("./chair.js").Chair} Chair */
/** @typedef {import("../../lib/moderating.js").Attendee} Attendee */

const ACTS = /** @type {const} */ (["admit", "give_floor", "bring_on", "call_backstage", "write", "remove"]);

/**
 * @param {Chair} chair
 * @param {(attendee: {person: string, name: string}) => void} writeTo  one of them
 */
export function mountPeople(chair, writeTo) {
  const search = byId("search", HTMLInputElement);
  const door = byId("door", HTMLSelectElement);
  let isAdmitting = false;

  door.addEventListener("change", () => void chair.say("set_door", { door: door.value }));
  search.addEventListener("input", show);
  search.addEventListener("keydown", ({ key }) => key === "Escape" && search.blur());
  for (const key of document.querySelectorAll("[data-admit-all]")) key.addEventListener("click", () => void admitAll());

  /** One after another: the server takes twenty commands a second. */
  async function admitAll() {
    if (isAdmitting) return;
    isAdmitting = true;
    for (const { person } of peopleAt(chair.state, "waiting")) {
      if (!(await chair.say("admit", { person }))) break;
      await new Promise((resume) => setTimeout(resume, 60));
    }
    isAdmitting = false;
  }

  /** @param {Attendee} attendee */
  function make({ person, name }) {
    const row = element("li", "person");
    const words = element("p");
    words.append(element("strong"), element("span", "quiet"));
    const acts = element("div", "person-acts");
    /** @param {typeof ACTS[number]} act */
    const does = (act) => {
      if (act === "remove") void askRemoval(chair, person);
      else if (act === "write") writeTo({ person, name });
      else void chair.say(act, { person });
    };
    for (const act of ACTS) {
      const key = button(t(`moderator.act_${act}`), () => does(act));
      key.dataset.act = act;
      acts.append(key);
    }
    row.append(words, acts);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Attendee} attendee
   */
  function fill(row, attendee) {
    row.dataset.place = attendee.place;
    row.dataset.present = String(attendee.present);
    write(row.querySelector("strong"), attendee.name);
    const about = [
      t(`moderator.role_${attendee.role}`),
      t(`moderator.place_${attendee.place}`),
      attendee.present || attendee.place === "removed" ? "" : t("moderator.person_away"),
      attendee.speaks ? t("moderator.speaks", { language: chair.nameOf(attendee.speaks) }) : "",
      t("moderator.hears", { channel: chair.nameOf(attendee.hears) }),
    ];
    write(row.querySelector(".quiet"), about.filter(Boolean).join(" · "));
    const may = actsFor(attendee, chair.state);
    for (const key of row.querySelectorAll("button")) {
      key.hidden = !may.includes(/** @type {any} */ (key.dataset.act));
      key.setAttribute("aria-label", `${key.textContent}: ${attendee.name}`);
    }
  }

  function show() {
    const { people = [] } = chair.state;
    const waiting = peopleAt(chair.state, "waiting").length;
    write(byId("people-count", HTMLElement), String(people.filter(({ place }) => place !== "removed").length));
    byId("at-door", HTMLElement).hidden = waiting === 0;
    write(byId("at-door-words", HTMLElement), t("moderator.at_door", { n: waiting }));
    if (document.activeElement !== door) door.value = chair.state.door ?? "open";
    const { rows, more } = roster(chair.state, search.value, page.lang);
    showRows(byId("people", HTMLElement), rows, ({ person }) => person, make, fill);
    byId("people-none", HTMLElement).hidden = rows.length > 0;
    const rest = byId("people-more", HTMLElement);
    rest.hidden = more === 0;
    write(rest, t("moderator.people_more", { n: more }));
  }

  chair.add({
    show,
    move: () => {
      search.value = "";
    },
  });
  return { admitAll: () => void admitAll(), find: () => search.focus() };
}
