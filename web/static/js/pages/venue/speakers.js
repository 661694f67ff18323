// The hall's loudspeakers: those far away, without any sound of the hall itself.

import { returnOf } from "../../lib/outputs.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { FLOOR } from "../../lib/state.js";
import { byId, page, t, write } from "../shell.js";
import { Output, offerOutputs, pickedOutput } from "./output.js";

const PREFS = `tolmach.venue.return.${page.room}`;

/**
 * @param {object} options
 * @param {(name: string, args: Record<string, unknown>) => Promise<import("../../lib/wire.js").Outcome>} options.command
 */
export function mountSpeakers({ command }) {
  const prefs = readPrefs(browserStore("localStorage"), PREFS, { on: false, language: FLOOR, volume: 1, id: "", label: "" });
  const isOn = byId("return-on", HTMLInputElement);
  const select = byId("return-output", HTMLSelectElement);
  const language = byId("return-language", HTMLSelectElement);
  const volume = byId("return-volume", HTMLInputElement);
  const output = new Output("return", show);
  /** @type {import("../../lib/outputs.js").Output[]} */
  let there = [];
  let state = page.state;
  let isAsking = false;
  let left = FLOOR; // the language this page has asked for and wants no more

  /** The hall must ask for a language before its return in it is there; also after a restart of the server. */
  function ask() {
    const asked = state.venue_hears ?? [];
    const { channel, languages } = returnOf(prefs.language, left, asked);
    const isSo = languages.length === asked.length && languages.every((one) => asked.includes(one));
    if (prefs.on && !isSo && !isAsking) {
      isAsking = true;
      void command("set_venue_hears", { languages }).then(() => (isAsking = false));
    }
    return channel === "return" || asked.includes(prefs.language) ? channel : "";
  }

  function follow() {
    const channel = ask();
    const wish = { isOn: prefs.on && channel !== "", channel, output: { id: prefs.id, label: prefs.label }, volume: prefs.volume };
    output.follow(wish, there);
    show();
  }

  function show() {
    const now = prefs.on && output.state === "off" ? "connecting" : output.state;
    const element = byId("return-state", HTMLElement);
    element.dataset.state = now;
    write(element, t(`venue.output_${now}`));
  }

  for (const control of [isOn, select, language, volume]) {
    control.addEventListener(control === volume ? "input" : "change", () => {
      const { id, label } = pickedOutput(select, { id: prefs.id, label: prefs.label });
      if (language.value !== prefs.language) left = prefs.language;
      Object.assign(prefs, { on: isOn.checked, language: language.value, volume: Number(volume.value), id, label });
      writePrefs(browserStore("localStorage"), PREFS, prefs);
      follow();
    });
  }
  isOn.checked = prefs.on;
  volume.value = String(prefs.volume);
  language.value = prefs.language;
  if (language.value === "") language.value = prefs.language = FLOOR;

  return {
    /** @param {import("../../lib/state.js").RoomState} newest */
    state(newest) {
      state = newest;
      follow();
    },
    /** @param {import("../../lib/outputs.js").Output[]} outputs */
    devices(outputs) {
      there = outputs;
      offerOutputs(select, there, { id: prefs.id, label: prefs.label });
      follow();
    },
    renew: (/** @type {string} */ boot) => output.renew(boot),
    nudge: () => output.nudge(),
    end: () => output.end(),
  };
}
