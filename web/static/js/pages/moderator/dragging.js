// Moving a row of a list by its handle: by pointer or finger, and by the arrow keys.

import { stepsDragged } from "../../lib/moderating.js";

/**
 * @param {HTMLElement} list  whose rows have a data-key and a .handle
 * @param {(key: string, steps: number) => void} move
 */
export function mountDragging(list, move) {
  /** @type {{row: HTMLElement, y: number} | null} */
  let drag = null;

  /** @param {EventTarget | null} target */
  const rowOf = (target) =>
    target instanceof Element && target.closest(".handle") ? /** @type {HTMLElement | null} */ (target.closest("[data-key]")) : null;

  list.addEventListener("pointerdown", (event) => {
    const row = rowOf(event.target);
    if (!row || event.button !== 0) return;
    drag = { row, y: event.clientY };
    list.setPointerCapture(event.pointerId);
    row.dataset.dragged = "true";
  });
  list.addEventListener("pointermove", (event) => {
    if (drag) drag.row.style.setProperty("--dragged", `${event.clientY - drag.y}px`);
  });
  list.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const rows = /** @type {HTMLElement[]} */ ([...list.children]);
    const middles = rows.map((row) => middleOf(row, row === drag?.row ? event.clientY - drag.y : 0));
    const steps = stepsDragged(middles, rows.indexOf(drag.row), event.clientY);
    const key = drag.row.dataset.key ?? "";
    end();
    if (steps !== 0) move(key, steps);
  });
  for (const lost of /** @type {const} */ (["pointercancel", "lostpointercapture"])) list.addEventListener(lost, end);

  list.addEventListener("keydown", (event) => {
    const row = rowOf(event.target);
    const steps = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!row || steps === undefined) return;
    event.preventDefault();
    move(row.dataset.key ?? "", steps);
  });

  function end() {
    if (!drag) return;
    delete drag.row.dataset.dragged;
    drag.row.style.removeProperty("--dragged");
    drag = null;
  }
}

/**
 * @param {HTMLElement} row
 * @param {number} shifted  by so many pixels it is drawn away from its place
 */
function middleOf(row, shifted) {
  const { top, height } = row.getBoundingClientRect();
  return top - shifted + height / 2;
}
