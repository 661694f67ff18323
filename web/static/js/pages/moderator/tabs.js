// Which section is in sight: one of them on a phone, on a laptop the one beside queue and floor.

import { talksTo } from "../../lib/intercom.js";
import { peopleAt } from "../../lib/moderating.js";
import { byData, byId, t, write } from "../shell.js";

/** @param {import("./chair.js").Chair} chair */
export function mountTabs(chair) {
  const main = byId("moderator", HTMLElement);
  const keys = byData("tab-key");
  let read = 0;

  /**
   * @param {string} tab
   * @param {() => void} [then]
   */
  function open(tab, then = () => {}) {
    main.dataset.tab = tab;
    for (const [name, key] of keys) key.setAttribute("aria-current", String(name === tab));
    show();
    then();
  }
  for (const [tab, key] of keys) key.addEventListener("click", () => open(tab));

  /** Marks say where something waits that is not in sight. */
  function show() {
    const { hands = [], chat = [], questions = [], talks = [] } = chair.state;
    const newest = Number(chat.at(-1)?.id ?? 0);
    if (main.dataset.tab === "talk" || read > newest) read = newest;
    const open = questions.filter(({ standing }) => standing === "open").length;
    mark("queue", hands.length);
    mark("own", talksTo(talks, { role: "moderator", person: chair.person, booth: null }).length);
    mark("people", peopleAt(chair.state, "waiting").length);
    mark("talk", open + chat.filter(({ id, person }) => Number(id) > read && person !== chair.person).length);
  }

  /**
   * @param {string} tab
   * @param {number} n
   */
  function mark(tab, n) {
    const count = keys.get(tab)?.querySelector(".tab-count");
    write(count ?? null, n > 0 ? String(n) : "");
    const words = keys.get(tab)?.querySelector(".hidden-words");
    write(words ?? null, n > 0 ? t("moderator.tab_waiting", { n }) : "");
  }

  chair.add({
    show,
    move: () => {
      read = 0;
    },
  });
  return { open };
}
