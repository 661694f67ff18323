// The programme: what is on, what comes, one step on, or any item by choice.

import { itemTime, itemWords, programmeNow } from "../../lib/programme.js";
import { may } from "../../lib/desk.js";
import { page, t, write } from "../shell.js";

/** @typedef {import("./card.js").Card} Card */

/** @param {Card} card */
export function mountProgramme(card) {
  const next = card.part("next", HTMLButtonElement);
  const items = card.part("items", HTMLSelectElement);
  next.addEventListener("click", () => void card.command("next_item"));
  items.addEventListener("change", () => void card.command("select_item", { item: items.value }));

  function show() {
    const { now, next: coming } = programmeNow(card.state);
    const all = card.state.items ?? [];
    write(card.part("item-now", HTMLElement), now ? itemWords(now, page.lang) : t(all.length > 0 ? "desk.item_before" : "desk.item_none"));
    const following = coming ? `${itemTime(coming, page.lang)} ${itemWords(coming, page.lang)}`.trim() : "";
    write(card.part("item-next", HTMLElement), following ? t("desk.item_then", { item: following }) : "");
    next.disabled = !coming || !may(card.role, "next_item");
    items.disabled = all.length === 0 || !may(card.role, "select_item");
    if (document.activeElement !== items) fill(items, all, now?.id ?? "");
  }
  card.add({ show });
}

/**
 * @param {HTMLSelectElement} select
 * @param {import("../../lib/programme.js").Item[]} all
 * @param {string} selected
 */
function fill(select, all, selected) {
  const options = all.map((item) => new Option(`${itemTime(item, page.lang)} ${itemWords(item, page.lang)}`.trim(), item.id));
  if (!selected) options.unshift(new Option(t("desk.item_select"), "", true, true));
  const isSame = options.length === select.options.length && options.every((one, at) => one.text === select.options[at]?.text);
  if (!isSame) select.replaceChildren(...options);
  select.value = selected;
}
