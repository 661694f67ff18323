// Recording: the large button, the words for everybody, and who consents.

import { consentRows, may } from "../../lib/desk.js";
import { page, t, write } from "../shell.js";
import { element, showRows } from "./rows.js";
import { isSure } from "./sure.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {ReturnType<typeof consentRows>[number]} Row */

/** @param {Card} card */
export function mountRecording(card) {
  const record = card.part("record", HTMLButtonElement);
  const words = card.part("recording-words", HTMLElement);
  const troubles = card.part("troubles", HTMLElement);

  async function toggle() {
    const act = card.state.recording ? "stop" : "start";
    const question = {
      title: t(`desk.record_${act}_sure`, { room: card.title }),
      effect: t(`desk.record_${act}_effect`),
      act: t(`desk.record_${act}`),
    };
    if (await isSure(question)) await card.command(`${act}_recording`);
  }
  record.addEventListener("click", () => void toggle());

  function show() {
    const { recording } = card.state;
    card.part("recording-box", HTMLElement).dataset.on = String(Boolean(recording));
    record.dataset.on = String(Boolean(recording));
    card.part("recording-sign", HTMLElement).hidden = !recording;
    write(record, t(recording ? "desk.record_stop" : "desk.record_start"));
    write(words, recording ? t("desk.recording_since", { time: clock(recording.since) }) : t("desk.recording_off"));
    const found = card.state.troubles ?? [];
    troubles.hidden = !found.length;
    write(troubles, found.map((trouble) => t(`desk.${trouble}`)).join(" "));
    showConsents(card);
  }
  card.add({ show });
}

/** @param {Card} card */
function showConsents(card) {
  showRows(
    card.part("consents", HTMLElement),
    consentRows(card.state),
    ({ source }) => source,
    ({ source }) => consentRow(card, source),
    (row, { name, kind, consents, mayGive }) => {
      const box = /** @type {HTMLInputElement} */ (row.querySelector("input"));
      box.checked = consents;
      box.disabled = !may(card.role, "set_consent") || (!mayGive && !consents);
      write(row.querySelector("span"), name === null ? t(`desk.source_${kind}`) : t(`desk.source_${kind}`, { name }));
    },
  );
}

/**
 * @param {Card} card
 * @param {string} source
 */
function consentRow(card, source) {
  const row = element("li");
  const label = element("label", "switch");
  const box = element("input");
  box.type = "checkbox";
  box.setAttribute("role", "switch");
  box.addEventListener("change", () => void card.command("set_consent", { source, consents: box.checked }));
  label.append(box, element("span"));
  row.append(label);
  return row;
}

/** @param {number} at  epoch ms */
function clock(at) {
  return new Date(at).toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit" });
}
