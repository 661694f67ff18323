// Written words: the room's chat, lines to the moderators and back, one's own questions. And the panel they stand in.

import { wordsOf } from "../../lib/phrases.js";
import { mergeLines } from "../../lib/workshop.js";
import { byId, page, t, write } from "../shell.js";

/** @typedef {import("../../lib/workshop.js").Line} Line */
/** @typedef {import("../../lib/workshop.js").Question} Question */

const panel = byId("panel", HTMLElement);
const open = byId("open-writing", HTMLButtonElement);
const TABS = /** @type {const} */ (["chat", "questions", "settings"]);
const tabs = TABS.map((name) => byId(`tab-${name}`, HTMLButtonElement));
const lines = byId("lines", HTMLElement);
const questions = byId("questions", HTMLElement);

export class Writing {
  /** @type {Line[]} */ #lines = [];
  /** @type {Map<number | string, HTMLElement>} */ #rows = new Map();
  #seen = 0;

  /** @param {import("./visit.js").Visit} visit */
  constructor(visit) {
    this.visit = visit;
    mountTabs();
    this.#mountForm("say", "say-text", (text) => this.visit.say("say", { to: byId("say-to", HTMLSelectElement).value, text }));
    this.#mountForm("ask", "ask-text", (text) => this.visit.say("ask_question", { text }));
    open.addEventListener("click", () => this.#reveal(panel.dataset.open !== "true"));
    byId("close-panel", HTMLButtonElement).addEventListener("click", () => this.#reveal(false));
    panel.addEventListener("keydown", ({ key }) => key === "Escape" && this.#reveal(false));
  }

  show() {
    const { state } = this.visit;
    this.#lines = mergeLines(this.#lines, state.chat ?? []);
    for (const line of this.#lines) if (!this.#rows.has(line.id)) this.#add(line);
    this.#showQuestions(state.questions ?? []);
    this.#count();
  }

  /** Who was sent out keeps nothing of what was said inside. */
  clear() {
    this.#lines = [];
    this.#rows.clear();
    lines.replaceChildren();
  }

  /**
   * @param {string} form
   * @param {string} field
   * @param {(text: string) => Promise<boolean>} send
   */
  #mountForm(form, field, send) {
    const input = byId(field, HTMLInputElement);
    byId(form, HTMLFormElement).addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text !== "" && (await send(text))) input.value = "";
    });
  }

  /** @param {boolean} isOpen  matters on a telephone, where the panel lies over the page */
  #reveal(isOpen) {
    panel.dataset.open = String(isOpen);
    open.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) tabs.find((tab) => tab.tabIndex === 0)?.focus();
    else open.focus();
    this.#count();
  }

  #count() {
    const newest = Number(this.#lines.at(-1)?.id ?? 0);
    const isRead = getComputedStyle(panel).visibility !== "hidden" && panel.offsetParent !== null;
    if (isRead) this.#seen = newest;
    const n = this.#lines.filter(({ id, person }) => Number(id) > this.#seen && person !== this.visit.person).length;
    write(open.querySelector(".words"), n > 0 ? t("workshop.write_new", { n }) : t("workshop.write"));
  }

  /** @param {Line} line */
  #add(line) {
    const isAtEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 40;
    const row = document.createElement("li");
    row.className = "line";
    row.dataset.from = line.person === this.visit.person ? "own" : line.role === "moderator" ? "moderator" : "other";
    row.append(paragraph("line-head", this.#head(line)), paragraph("line-text", wordsOf(line, t)));
    lines.append(row);
    this.#rows.set(line.id, row);
    if (isAtEnd) lines.scrollTop = lines.scrollHeight;
  }

  /** @param {Line} line */
  #head(line) {
    const time = new Date(line.at).toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit" });
    const isOwn = line.person === this.visit.person;
    const name = isOwn ? t("workshop.you") : line.role === "moderator" ? t("workshop.moderator", { name: line.name }) : line.name;
    const to = line.to === "room" ? "" : isOwn ? t("workshop.line_to_moderator") : t("workshop.line_to_you");
    return [name, to, time].filter(Boolean).join(" · ");
  }

  /** @param {Question[]} asked */
  #showQuestions(asked) {
    const shown = JSON.stringify(asked);
    if (questions.dataset.shown === shown) return;
    questions.dataset.shown = shown;
    questions.replaceChildren(...asked.map((question) => this.#question(question)));
  }

  /** @param {Question} question */
  #question({ id, text, standing }) {
    const row = document.createElement("li");
    row.className = "line";
    row.append(paragraph("line-head", t(`workshop.standing_${standing}`)), paragraph("line-text", text));
    if (standing !== "open") return row;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button", textContent: t("workshop.withdraw") });
    button.addEventListener("click", () => void this.visit.say("withdraw_question", { question: id }));
    row.append(button);
    return row;
  }
}

/**
 * @param {string} className
 * @param {string} text
 */
function paragraph(className, text) {
  const element = document.createElement("p");
  Object.assign(element, { className, textContent: text });
  return element;
}

/** Tabs as WAI-ARIA has them: one of them in the order of Tab, the arrows go from one to the next. */
function mountTabs() {
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => select(at));
    tab.addEventListener("keydown", ({ key }) => {
      const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      const next = (at + step + tabs.length) % tabs.length;
      select(next);
      tabs[next]?.focus();
    });
  });
}

/** @param {number} at */
function select(at) {
  tabs.forEach((tab, i) => {
    tab.setAttribute("aria-selected", String(i === at));
    tab.tabIndex = i === at ? 0 : -1;
    byId(`part-${TABS[i]}`, HTMLElement).hidden = i !== at;
  });
}
