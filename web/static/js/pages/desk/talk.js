// Calls for the technician, and lines to and from the booths.

import { may, mergeLines } from "../../lib/desk.js";
import { wordsOf } from "../../lib/phrases.js";
import { page, t } from "../shell.js";
import { ring } from "./bell.js";
import { button, element, showRows } from "./rows.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/state.js").Line} Line */

/** @param {Card} card */
export function mountTalk(card) {
  const form = card.part("say", HTMLFormElement);
  const chat = card.part("chat", HTMLElement);
  /** @type {Line[]} */
  let lines = [];

  async function say() {
    const text = form.elements.namedItem("text");
    const to = form.elements.namedItem("to");
    if (!(text instanceof HTMLInputElement) || !(to instanceof HTMLSelectElement) || !text.value.trim()) return;
    if (await card.command("say", { to: to.value, text: text.value.trim() })) text.value = "";
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void say();
  });

  function show() {
    showCalls(card);
    const isAtEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 20;
    lines = mergeLines(lines, card.state.chat ?? []);
    showRows(chat, lines, ({ id }) => String(id), lineOf, () => {});
    if (isAtEnd) chat.scrollTop = chat.scrollHeight;
  }
  card.add({ show });
}

/** @param {Line} line */
function lineOf(line) {
  const { at, name, booth, to } = line;
  const row = element("p");
  const who = booth ? t("desk.from_booth", { name, booth }) : name;
  row.append(element("time", "", clock(at)), ` ${who} → ${t(`desk.to_${to}`)}: `, element("span", "", wordsOf(line, t)));
  return row;
}

/** @param {Card} card */
function showCalls(card) {
  const list = card.part("calls", HTMLElement);
  const calls = (card.state.calls ?? []).filter(({ answered }) => !answered);
  const known = new Set([...list.children].map((row) => row.getAttribute("data-key")));
  if (calls.some(({ id }) => !known.has(String(id)))) ring("amber", true, performance.now());
  showRows(
    list,
    calls,
    ({ id }) => String(id),
    ({ id, booth, at }) => {
      const row = element("li", "call");
      const words = booth ? t("desk.call_booth", { booth }) : t("desk.call");
      row.append(element("time", "", clock(at)), element("strong", "", words));
      row.append(button(t("desk.call_answer"), () => void card.command("answer_call", { call: id }), "button primary small"));
      return row;
    },
    (row) => row.querySelector("button")?.toggleAttribute("disabled", !may(card.role, "answer_call")),
  );
}

/** @param {number} at  epoch ms */
function clock(at) {
  return new Date(at).toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit" });
}
