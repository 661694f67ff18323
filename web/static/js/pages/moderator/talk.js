// Words: the interpreters' wishes to the speaker, questions of those who take part, lines to and from everybody.

import { mergeLines } from "../../lib/desk.js";
import { wordsOf } from "../../lib/phrases.js";
import { button, element, showRows } from "../desk/rows.js";
import { byId, page, t, write } from "../shell.js";

/** @typedef {import("./chair.js").Chair} Chair */
/** @typedef {import("../../lib/state.js").Line} Line */
/** @typedef {import("../../lib/moderating.js").Question} Question */

/** Who takes part from afar is answered alone; booths and the desk have addresses of their own. */
const FROM_AFAR = ["participant", "speaker"];

/**
 * @param {Chair} chair
 * @param {() => void} open  brings the text field into sight
 */
export function mountTalk(chair, open) {
  const form = byId("say", HTMLFormElement);
  const text = byId("say-text", HTMLInputElement);
  const to = byId("say-to", HTMLSelectElement);
  const one = byId("say-to-person", HTMLOptionElement);
  const chat = byId("chat", HTMLElement);
  /** @type {Line[]} */
  let lines = [];

  const clear = () => void chair.say("clear_asks");
  byId("clear-asks", HTMLButtonElement).addEventListener("click", clear);
  byId("call-technician", HTMLButtonElement).addEventListener("click", () => void chair.say("call_technician"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void say();
  });
  text.addEventListener("keydown", ({ key }) => key === "Escape" && text.blur());

  async function say() {
    const line = text.value.trim();
    const listener = to.value === "person" ? { person: one.dataset.person } : {};
    if (line && (await chair.say("say", { to: to.value, text: line, ...listener }))) text.value = "";
  }

  /**
   * What is written next is for this one alone; when they have left meanwhile it is refused, and goes to nobody else.
   * @param {{person: string, name: string}} attendee
   */
  function writeTo({ person, name }) {
    one.dataset.person = person;
    one.hidden = one.disabled = false;
    write(one, t("moderator.to_only", { name }));
    to.value = "person";
    open();
  }

  function showAsks() {
    const asks = chair.state.asks ?? [];
    byId("asks-box", HTMLElement).hidden = asks.length === 0;
    showRows(
      byId("asks", HTMLElement),
      asks,
      ({ wish, booth }) => `${wish}|${booth}`,
      () => element("li"),
      (row, { wish, booth, at }) => write(row, `${clock(at)} ${t(`moderator.wish_${wish}`)} (${t("common.booth", { booth })})`),
    );
    const isCalled = (chair.state.calls ?? []).some(({ person, answered }) => person === chair.person && !answered);
    byId("call-technician", HTMLButtonElement).disabled = isCalled;
    write(byId("call-words", HTMLElement), t(isCalled ? "moderator.call_waits" : "moderator.call"));
  }

  function showQuestions() {
    const open = (chair.state.questions ?? []).filter(({ standing }) => standing === "open");
    byId("questions-box", HTMLElement).hidden = open.length === 0;
    write(byId("questions-count", HTMLElement), String(open.length));
    showRows(byId("questions", HTMLElement), open, ({ id }) => String(id), makeQuestion, () => {});
  }

  /** @param {Question} question */
  function makeQuestion({ id, name, language, text: asked }) {
    const row = element("li", "question");
    const who = element("p", "quiet", [name, chair.nameOf(language)].filter(Boolean).join(" · "));
    const acts = element("div", "person-acts");
    for (const how of /** @type {const} */ (["answered", "dismissed"])) {
      const key = button(t(`moderator.question_${how}`), () => void chair.say("settle_question", { question: id, how }));
      key.setAttribute("aria-label", `${key.textContent}: ${name}`);
      acts.append(key);
    }
    row.append(who, element("p", "", asked), acts);
    return row;
  }

  function show() {
    showAsks();
    showQuestions();
    const isAtEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 40;
    lines = mergeLines(lines, chair.state.chat ?? []);
    byId("chat-none", HTMLElement).hidden = lines.length > 0;
    showRows(chat, lines, ({ id }) => String(id), makeLine, () => {});
    if (isAtEnd) chat.scrollTop = chat.scrollHeight;
  }

  /** @param {Line} line */
  function makeLine(line) {
    const { person, name, role, booth, to: whom, to_person, at } = line;
    const row = element("p");
    row.dataset.own = String(person === chair.person);
    const who = booth ? t("moderator.from_booth", { name, booth }) : name;
    const addressee = chair.state.people?.find((one) => one.person === to_person)?.name ?? t(`moderator.to_${whom}`);
    row.append(element("time", "", clock(at)), ` ${who} → ${addressee}: `, element("span", "", wordsOf(line, t)));
    if (FROM_AFAR.includes(role)) {
      const reply = button(t("moderator.reply"), () => writeTo({ person, name }));
      reply.setAttribute("aria-label", `${t("moderator.reply")}: ${name}`);
      row.append(" ", reply);
    }
    return row;
  }

  chair.add({
    show,
    move: () => {
      lines = []; // ids count anew in each room
      one.hidden = one.disabled = true;
      if (to.value === "person") to.selectedIndex = 0;
    },
  });
  return { clear, writeTo, focus: () => text.focus() };
}

/** @param {number} at  epoch ms */
function clock(at) {
  return new Date(at).toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit" });
}
