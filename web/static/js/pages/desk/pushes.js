// Streams that leave the house: how each stands, start and stop, and for an organiser where they go.

import { megabytes, pushAct } from "../../lib/desk.js";
import { t, write } from "../shell.js";
import { button, element, showRows } from "./rows.js";
import { isSure } from "./sure.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/desk.js").Push} Push */

/** @param {Card} card */
export function mountPushes(card) {
  const list = card.part("pushes", HTMLElement);
  const form = card.element.querySelector("[data-part='push-form']");
  if (form instanceof HTMLFormElement) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void save(card, form);
    });
  }
  function facts() {
    const pushes = card.facts?.pushes ?? [];
    showRows(list, pushes, ({ name }) => name, (push) => rowOf(card, push), (row, push) => fill(card, row, push));
  }
  card.add({ show: facts, facts });
}

/**
 * @param {Card} card
 * @param {Push} push
 */
function rowOf(card, { name }) {
  const row = element("li", "push");
  row.append(element("strong", "", name), element("span", "push-where"), element("span", "push-state"));
  const act = button("", () => void toggle(card, name));
  act.dataset.act = "toggle";
  const remove = button(t("desk.push_remove"), () => void ask(card, name, "DELETE"));
  remove.dataset.act = "remove";
  row.append(act, remove);
  return row;
}

/**
 * @param {Card} card
 * @param {HTMLElement} row
 * @param {Push} push
 */
function fill(card, row, push) {
  row.dataset.state = push.state;
  const where = t("desk.push_where", { channel: card.channelName(push.channel), host: push.host });
  write(row.querySelector(".push-where"), push.is_secure ? where : `${where} ${t("desk.push_open")}`);
  const state = t(`desk.push_${push.state}`);
  const reason = push.reason ? `: ${t(`desk.reason_${push.reason}`)}` : "";
  const figures = push.state === "live" ? `, ${t("desk.push_figures", { sent: megabytes(push.bytes), drops: push.drops })}` : "";
  write(row.querySelector(".push-state"), state + reason + figures);
  const { act, isAllowed } = pushAct(push, card.role);
  const toggleKey = row.querySelector("[data-act=toggle]");
  const removeKey = row.querySelector("[data-act=remove]");
  if (toggleKey instanceof HTMLButtonElement) {
    write(toggleKey, t(`desk.push_${act}`));
    toggleKey.disabled = !isAllowed;
    toggleKey.setAttribute("aria-label", `${t(`desk.push_${act}`)}: ${push.name}`);
  }
  if (removeKey instanceof HTMLButtonElement) {
    removeKey.hidden = card.role !== "organiser" || push.is_configured || push.state !== "off";
    removeKey.setAttribute("aria-label", `${t("desk.push_remove")}: ${push.name}`);
  }
}

/**
 * @param {Card} card
 * @param {string} name
 */
async function toggle(card, name) {
  const push = card.facts?.pushes.find((one) => one.name === name);
  if (!push) return;
  if (pushAct(push, card.role).act === "stop") {
    await ask(card, `${name}/live`, "DELETE");
    return;
  }
  const question = {
    title: t("desk.push_sure", { channel: card.channelName(push.channel), host: push.host }),
    effect: t("desk.push_effect"),
    act: t("desk.push_start"),
  };
  if (await isSure(question)) await ask(card, `${name}/live`, "PUT");
}

/**
 * @param {Card} card
 * @param {HTMLFormElement} form
 */
async function save(card, form) {
  const values = new FormData(form);
  const body = { url: String(values.get("url")), channel: String(values.get("channel")), token: String(values.get("token")) };
  // The key stands in the form no longer than it takes to be sent.
  if (await ask(card, String(values.get("name")), "PUT", body)) form.reset();
}

/**
 * @param {Card} card
 * @param {string} path  below the room's pushes
 * @param {"PUT" | "DELETE"} method
 * @param {Record<string, string>} [body]
 * @returns {Promise<boolean>}
 */
async function ask(card, path, method, body) {
  return (await card.request(method, `pushes/${path}`, body)) !== null;
}
