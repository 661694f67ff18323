// One dialog for everything that asks first.

import { byId, write } from "../shell.js";

const dialog = byId("sure", HTMLDialogElement);
const yes = byId("sure-yes", HTMLButtonElement);

/**
 * @param {{title: string, effect: string, act: string}} words  what is asked, what it would do, what the button says
 * @returns {Promise<boolean>}
 */
export function isSure({ title, effect, act }) {
  write(byId("sure-title", HTMLElement), title);
  write(byId("sure-effect", HTMLElement), effect);
  write(yes, act);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
