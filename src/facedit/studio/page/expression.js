// @ts-check
/**
 * What a face shows beside speaking: which expressions, how much of each, and when. How they are
 * written (`smile:0.5@happy`) the server alone reads; here they are put together from what is chosen.
 */

import { choice, fill, make } from "./elements.js";

/** @typedef {{name: string, most: number, region: string}} Expression what people show at most, and what must move for it */
/** @typedef {{text: string, name: string, amount: number, when: string, shows?: [number, number] | null, says?: string}} Wish */

const STEP = 0.05;

/** @param {Expression[]} known @param {Wish[]} wishes */
export const needsFace = (known, wishes) =>
  wishes.some((wish) => known.some(({ name, region }) => region === "face" && wish.name === name));

/** Write an expression down. @param {string} name @param {number} amount @param {string} when @returns {Wish} */
function written(name, amount, when) {
  return { name, amount, when, text: `${name}:${amount.toFixed(2)}${when && `@${when}`}` };
}

/**
 * Show the controls in a place of their own: a row an expression, and one for a further one.
 *
 * @param {HTMLElement} place
 * @param {Expression[]} known
 * @param {Wish[]} wishes
 * @param {(wishes: Wish[]) => void} told
 * @param {string} when what is meant by seconds
 * @param {(HTMLElement | false)[]} [shown] what of them is seen
 */
export function showExpressions(place, known, wishes, told, when, shown = []) {
  const typed = /** @type {HTMLInputElement | null} */ (place.querySelector("input[type=text]:focus"));
  if (typed && typed.value.trim() !== typed.dataset.when) return;  // it is being typed
  const names = /** @type {[string, string][]} */ ([["", "none"], ...known.map(({ name }) => [name, name.replace("-", " ")])]);
  const usual = (/** @type {Expression} */ one) => Math.round(one.most / 2 / STEP) * STEP;
  const put = (/** @type {number} */ at, /** @type {Wish | null} */ wish) =>
    told([...wishes.slice(0, at), ...(wish ? [wish] : []), ...wishes.slice(at + 1)]);
  const pick = (/** @type {number} */ at, /** @type {Wish | undefined} */ wish) =>
    choice(at ? "and" : "Expression", names, wish?.name ?? "", (chosen) => {
      const one = known.find(({ name }) => name === chosen);
      put(at, one ? written(chosen, usual(one), wish?.when ?? "") : null);
    });
  const rows = wishes.map((wish, at) => {
    const most = known.find(({ name }) => name === wish.name)?.most ?? wish.amount;
    const amount = wish.amount.toFixed(2);
    return make("div", { className: "wish" }, pick(at, wish), make("input", {
      type: "range", min: STEP, max: most, step: 0.01, value: amount, ariaLabel: "How much of the expression",
      title: `How much: ${amount} of at most ${most}, as people show`,
      onchange: (/** @type {any} */ event) => put(at, written(wish.name, Number(event.target.value), wish.when)),
    }), make("span", { className: "soft" }, amount), make("label", {}, "at ", make("input", {
      type: "text", value: wish.when, dataset: { when: wish.when }, size: 12, placeholder: "all of it", maxLength: 200, autocomplete: "off", spellcheck: false,
      title: `Words that are said, or seconds ${when}, as 0.2-0.8`,
      onchange: (/** @type {any} */ { target }) => {
        if (target.value.trim() === target.dataset.when) return;
        target.dataset.when = target.value.trim();
        put(at, written(wish.name, wish.amount, target.dataset.when));
      },
      onkeydown: (/** @type {any} */ event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();  // it sends no form
        event.target.onchange(event);
      },
    })), wish.says && make("span", { className: "fault small line" }, wish.says));
  });
  fill(place, ...rows, make("div", { className: "row" }, pick(wishes.length, undefined)), ...shown);
}
