// @ts-check
/** Makes elements; texts are texts, never markup. */

/** @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

/** @param {string} tag @param {object} [props] @param {...(Node | string | null | undefined | false)} inside @returns {any} */
export function make(tag, props = {}, ...inside) {
  const { dataset, ...rest } = /** @type {any} */ (props);
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, dataset ?? {});
  node.append(...inside.filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return node;
}

/** @param {string} says @param {() => void} onclick @param {object} [props] */
export const button = (says, onclick, props = {}) =>
  make("button", { type: "button", onclick, ...props }, says);

/** @param {string} says @param {[string, string][]} options value and name @param {string} value @param {(value: string) => void} told */
export function choice(says, options, value, told) {
  const select = make("select", {}, ...options.map(([one, name]) => make("option", { value: one }, name)));
  select.value = value;
  select.onchange = () => told(select.value);
  return make("label", {}, `${says} `, select);
}

/** Put other elements into a place, and the focus back to where it was. @param {HTMLElement} place @param {...(Node | null | false)} inside */
export function fill(place, ...inside) {
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  const at = active && place.contains(active) ? [...place.querySelectorAll("button, select, input, a")].indexOf(active) : -1;
  place.replaceChildren(.../** @type {Node[]} */ (inside.filter(Boolean)));
  if (at >= 0) /** @type {HTMLElement | undefined} */ (place.querySelectorAll("button, select, input, a")[at])?.focus();
}

/** @param {number} count @param {string} name */
export const counted = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;

/** 0:41.23 @param {number} seconds */
export function clock(seconds) {
  const minutes = Math.floor((seconds + 0.005) / 60);
  return `${minutes}:${Math.max(seconds - 60 * minutes, 0).toFixed(2).padStart(5, "0")}`;
}
