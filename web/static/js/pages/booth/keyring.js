// A row of keys, one for each channel or language. Another room may have others: then keys are made like the first one.

import { byData, write } from "../shell.js";

export class Keyring {
  /** @type {Map<string, HTMLElement>} */ #keys;
  #name;
  #group;

  /**
   * @param {string} name  of the data attribute that says what a key is for
   * @param {(index: number) => void} onPress
   */
  constructor(name, onPress) {
    this.#name = name;
    this.#keys = byData(name);
    this.#group = [...this.#keys.values()][0]?.parentElement ?? null;
    this.#group?.addEventListener("click", ({ target }) => {
      const key = target instanceof Element ? target.closest(`[data-${name}]`) : null;
      const index = [...this.#keys.values()].findIndex((one) => one === key);
      if (index >= 0) onPress(index);
    });
  }

  /** @returns {ReadonlyMap<string, HTMLElement>} the keys in their order, by what they are for */
  get keys() {
    return this.#keys;
  }

  /**
   * Have exactly these keys, in this order; those that are there already stay as they are.
   * @param {string[]} wanted
   * @param {(value: string) => string} nameOf
   * @param {(index: number) => string} signOf  what stands on the keyboard's own key
   */
  fit(wanted, nameOf, signOf) {
    const [pattern] = this.#keys.values();
    if (!pattern || wanted.join() === [...this.#keys.keys()].join()) return;
    const fitted = wanted.map((value, index) => {
      const key = this.#keys.get(value) ?? /** @type {HTMLElement} */ (pattern.cloneNode(true));
      key.setAttribute(`data-${this.#name}`, value);
      write(key.querySelector(".key-name"), nameOf(value));
      write(key.querySelector("kbd"), signOf(index));
      return key;
    });
    this.#group?.replaceChildren(...fitted);
    this.#keys = new Map(wanted.map((value, index) => [value, /** @type {HTMLElement} */ (fitted[index])]));
  }
}
