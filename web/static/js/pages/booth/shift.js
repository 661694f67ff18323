// The shift timer the booth shares, and its key.

import { CHOICES, minutesWords, shiftClock } from "../../lib/shift.js";
import { byId, t, write } from "../shell.js";

/**
 * @param {import("./desk.js").Desk} desk
 * @param {(words: string) => void} alarm  what has to be said; "" when nothing
 */
export function mountShift(desk, alarm) {
  const button = byId("shift", HTMLButtonElement);

  function next() {
    if (desk.seat) void desk.sayNext("set_shift", "minutes", CHOICES, desk.ownBooth?.shift?.minutes ?? null);
  }

  function show() {
    const shift = desk.ownBooth?.shift;
    const { phase, left_s } = shiftClock(shift, desk.now_ms);
    button.disabled = desk.seat === null;
    button.dataset.phase = phase;
    const words = shift ? t("booth.shift_set", { minutes: shift.minutes }) : t("booth.shift_off");
    write(byId("shift-words", HTMLElement), words);
    write(byId("shift-left", HTMLElement), phase === "off" || phase === "idle" ? "" : minutesWords(left_s));
    if (phase === "soon") alarm(t("booth.alarm_shift"));
    else alarm(phase === "over" ? t("booth.alarm_shift_over") : "");
  }

  button.addEventListener("click", next);
  desk.add({ show, tick: show });
  return { next };
}
