// Manuscripts and glossaries for the item, beside the picture: asked for, shown, laid there and taken away.

import { found } from "../../lib/glossary.js";
import { byId, page, t, write } from "../shell.js";

/** @typedef {{id: string, name: string, kind: "text" | "pdf" | "glossary", item: string}} Paper */
/**
 * @typedef {object} Further  what is no paper and stands among them: it shows itself
 * @property {string} id
 * @property {string} name
 * @property {(view: HTMLElement) => void | Promise<void>} show
 */

const WHOLE_ROOM = "room";
const KINDS = /** @type {Record<string, Paper["kind"]>} */ ({ pdf: "pdf", csv: "glossary", tsv: "glossary" });

const panel = byId("papers", HTMLElement);
const list = byId("paper", HTMLSelectElement);
const view = byId("paper-view", HTMLElement);
const search = byId("search", HTMLInputElement);
const file = byId("paper-file", HTMLInputElement);
const remove = byId("paper-remove", HTMLButtonElement);
const status = byId("paper-status", HTMLElement);
const toggle = byId("show-papers", HTMLButtonElement);

/** Whether the last thing done outside of frames was to go on by Tab. */
let hasTabbed = false;

export class Papers {
  /** @type {Paper[]} */ #papers = [];
  /** @type {Further[]} */ #further = [];
  /** @type {string[]} items whose papers are wanted before their time */ #early = [];
  /** @type {string | null} */ #item = null;
  /** @type {import("../../lib/glossary.js").Glossary | null} */ #glossary = null;
  #isAsked = false;
  /** @type {string | null} id of the paper in view; "" says that there is none */ #opened = null;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {(text: string) => void} tell  what went wrong, in a sentence
   */
  constructor(desk, tell) {
    this.desk = desk;
    this.tell = tell;
    toggle.addEventListener("click", () => this.toggle());
    list.addEventListener("change", () => void this.#open());
    search.addEventListener("input", () => this.#search());
    search.addEventListener("keydown", ({ key }) => key === "Escape" && search.blur());
    byId("paper-add", HTMLButtonElement).addEventListener("click", () => file.click());
    file.addEventListener("change", () => void this.#add());
    remove.addEventListener("click", () => void this.#remove());
    addEventListener("blur", () => setTimeout(takeKeysBack));
    addEventListener("keydown", ({ key }) => {
      hasTabbed = key === "Tab";
    });
    addEventListener("pointermove", () => {
      hasTabbed = false;
    });
    desk.add(this);
  }

  toggle() {
    panel.hidden = !panel.hidden;
    byId("view", HTMLElement).dataset.view = panel.hidden ? "picture" : "papers";
    toggle.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) void this.#open();
  }

  /**
   * Have further things among the papers, and those of further items.
   * @param {string[]} items
   * @param {Further[]} further
   */
  async setFurther(items, further) {
    this.#early = [...new Set(items)];
    this.#further = further;
    await this.load();
  }

  /**
   * Open one of them, wherever one was.
   * @param {string} id
   */
  async open(id) {
    if (panel.hidden) this.toggle();
    list.value = id;
    await this.#open();
  }

  /** Into the first glossary there is, wherever one was. */
  async find() {
    if (panel.hidden) this.toggle();
    const glossary = this.#papers.find(({ kind }) => kind === "glossary");
    if (glossary && this.#current?.kind !== "glossary") list.value = glossary.id;
    await this.#open();
    if (glossary) search.focus();
  }

  /** Another room has other papers. */
  move() {
    this.#isAsked = false;
    this.#opened = null;
  }

  show() {
    const item = this.desk.state.item ?? null;
    if (item === this.#item && this.#isAsked) return;
    this.#isAsked = true;
    this.#item = item;
    void this.load();
  }

  /** The reader in the frame may take the keys once more when it has loaded. */
  tick() {
    takeKeysBack();
  }

  /** Ask anew what lies there: for the item, and for the whole room. */
  async load() {
    const items = [...new Set([...(this.#item ? [this.#item] : []), ...this.#early, WHOLE_ROOM])];
    const lists = await Promise.all(items.map((item) => this.#list(item)));
    const kept = list.value;
    this.#papers = lists.flat();
    const all = [...this.#papers, ...this.#further];
    list.replaceChildren(...all.map(({ id, name }) => new Option(name, id)));
    if (all.some(({ id }) => id === kept)) list.value = kept;
    list.closest("label")?.toggleAttribute("hidden", all.length === 0);
    if (!panel.hidden) await this.#open();
  }

  /** @returns {Paper | undefined} */
  get #current() {
    return this.#papers.find(({ id }) => id === list.value);
  }

  /**
   * @param {string} item
   * @returns {Promise<Paper[]>}
   */
  async #list(item) {
    const answer = await ask(place(item)).catch(() => null);
    if (!answer?.ok) return [];
    const { papers } = await answer.json();
    return papers.map((/** @type {Paper} */ paper) => ({ ...paper, item }));
  }

  /** Show what is picked; what is open already stays at the line that is being read. */
  async #open() {
    const paper = this.#current;
    const further = this.#further.find(({ id }) => id === list.value);
    const id = paper?.id ?? further?.id ?? "";
    if (this.#opened === id) return;
    this.#opened = id;
    this.#glossary = null;
    remove.hidden = !paper;
    search.closest("label")?.toggleAttribute("hidden", paper?.kind !== "glossary");
    if (further) await further.show(view);
    else if (!paper) view.replaceChildren(paragraph(t("booth.paper_none")));
    else if (paper.kind === "pdf") view.replaceChildren(frame(paper));
    else await this.#fetch(paper);
  }

  /** @param {Paper} paper */
  async #fetch(paper) {
    const answer = await fetch(address(paper)).catch(() => null);
    if (this.#current?.id !== paper.id) return;
    if (!answer?.ok) {
      this.#opened = null; // so that another look asks again
      view.replaceChildren(paragraph(t("booth.paper_lost")));
    } else if (paper.kind === "glossary") {
      this.#glossary = await answer.json();
      this.#search();
    } else {
      const text = document.createElement("pre");
      text.textContent = await answer.text();
      view.replaceChildren(text);
    }
  }

  #search() {
    if (!this.#glossary) return;
    const { rows, count } = found(this.#glossary.rows, search.value);
    view.replaceChildren(table(this.#glossary.columns, rows));
    write(status, t("booth.glossary_found", { n: count }));
  }

  async #add() {
    const [chosen] = file.files ?? [];
    file.value = "";
    if (!chosen) return;
    const kind = KINDS[chosen.name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "text";
    const query = new URLSearchParams({ kind, name: chosen.name.slice(-120) });
    const answer = await ask(`${place(this.#item ?? WHOLE_ROOM)}?${query}`, { method: "POST", body: chosen }).catch(() => null);
    if (!answer?.ok) {
      this.tell(await problem(answer));
      return;
    }
    const { id, name } = await answer.json();
    await this.load();
    list.value = id;
    if (panel.hidden) this.toggle();
    else await this.#open();
    write(status, t("booth.paper_added", { name }));
  }

  async #remove() {
    const paper = this.#current;
    if (!paper) return;
    const answer = await ask(`${place(paper.item)}/${paper.id}`, { method: "DELETE" }).catch(() => null);
    if (!answer?.ok) this.tell(await problem(answer));
    await this.load();
  }
}

/**
 * A frame that was pressed must not keep the keys from the console: the wheel turns its pages without them. Who has
 * come into it by Tab wants to turn them by keys, and goes on by Tab.
 */
function takeKeysBack() {
  const { activeElement } = document;
  if (hasTabbed || !(activeElement instanceof HTMLIFrameElement)) return;
  activeElement.blur();
  focus();
}

/** @param {string} item */
function place(item) {
  return `/papers/${encodeURIComponent(page.room)}/${encodeURIComponent(item)}`;
}

/** @param {Paper} paper */
function address(paper) {
  const invitation = new URL(page.ws, location.href).searchParams.get("as") ?? "";
  return `${place(paper.item)}/${paper.id}?${new URLSearchParams({ as: invitation })}`;
}

/**
 * @param {string} url
 * @param {RequestInit} [request]
 */
function ask(url, request = {}) {
  return fetch(url, { ...request, headers: { Authorization: `Bearer ${page.token}` } });
}

/** @param {Response | null} answer */
async function problem(answer) {
  const { error } = (await answer?.json().catch(() => null)) ?? {};
  return error?.text ?? t("booth.paper_lost");
}

/** @param {string} text */
function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

/**
 * The browser's own reader, in a frame that the server's answer has sandboxed.
 * @param {Paper} paper
 */
function frame(paper) {
  const made = document.createElement("iframe");
  made.src = address(paper);
  made.title = paper.name;
  return made;
}

/**
 * @param {string[]} columns
 * @param {string[][]} rows
 */
function table(columns, rows) {
  const made = document.createElement("table");
  const line = (/** @type {string[]} */ cells, /** @type {"th" | "td"} */ tag) => {
    const row = document.createElement("tr");
    row.append(...cells.map((text) => Object.assign(document.createElement(tag), { textContent: text })));
    return row;
  };
  const head = document.createElement("thead");
  head.append(line(columns, "th"));
  const body = document.createElement("tbody");
  body.append(...rows.map((row) => line(row, "td")));
  made.append(head, body);
  return made;
}
