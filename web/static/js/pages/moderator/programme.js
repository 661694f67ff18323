// The running order: what is on, one step on, any item by choice, and the slide for breaks.

import { wantsSlide } from "../../lib/moderating.js";
import { itemTime, programmeNow } from "../../lib/programme.js";
import { button, element, showRows } from "../desk/rows.js";
import { byId, page, press, t, write } from "../shell.js";

/** @typedef {import("./chair.js").Chair} Chair */
/** @typedef {import("../../lib/programme.js").Item} Item */

/** @param {Chair} chair */
export function mountProgramme(chair) {
  const next = byId("next", HTMLButtonElement);
  const slide = byId("slide", HTMLButtonElement);

  const step = () => void chair.say("next_item");
  const toggleSlide = () => void chair.say("hold_slide", { held: !chair.state.is_held });
  next.addEventListener("click", step);
  slide.addEventListener("click", toggleSlide);
  byId("break-slide", HTMLButtonElement).addEventListener("click", () => void chair.say("hold_slide", { held: true }));

  /** @param {Item} item */
  function make({ id }) {
    const row = element("li", "item");
    const key = button("", () => void chair.say("select_item", { item: id }), "item-key");
    key.append(element("span", "item-time"), element("strong"), element("span", "quiet"));
    row.append(key);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Item} item
   */
  function fill(row, item) {
    const isNow = item.id === chair.state.item;
    const key = row.querySelector("button");
    if (isNow) key?.setAttribute("aria-current", "step");
    else key?.removeAttribute("aria-current");
    write(row.querySelector(".item-time"), itemTime(item, page.lang));
    write(row.querySelector("strong"), titleOf(item));
    const about = [t(`moderator.kind_${item.kind ?? "speech"}`), item.speaker, chair.nameOf(item.language)];
    write(row.querySelector(".quiet"), about.filter(Boolean).join(" · "));
  }

  function show() {
    const items = chair.state.items ?? [];
    const { next: coming } = programmeNow(chair.state);
    byId("items-none", HTMLElement).hidden = items.length > 0;
    showRows(byId("items", HTMLElement), items, ({ id }) => id, make, fill);
    next.disabled = coming === null;
    write(next.querySelector(".act-name"), coming ? titleOf(coming) : t("moderator.no_next"));
    const held = chair.state.is_held ?? false;
    press(slide, held);
    write(byId("slide-words", HTMLElement), t(held ? "moderator.slide_end" : "moderator.slide"));
    byId("break-offer", HTMLElement).hidden = !wantsSlide(chair.state);
  }

  chair.add({ show });
  return { step, toggleSlide };
}

/** @param {Item} item */
function titleOf({ title }) {
  return title[page.lang] ?? Object.values(title)[0] ?? "";
}
