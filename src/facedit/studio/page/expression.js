// @ts-check
/** What a face shows beside speaking: which expression, and how much of it. */

import { choice, fill, make } from "./elements.js";

/** @typedef {{name: string, most: number, region: string}} Expression what people show at most, and what must move for it */

const STEP = 0.05;

/** @param {Expression[]} known @param {string[] | null | undefined} wishes */
export const needsFace = (known, wishes) =>
  (wishes ?? []).some((wish) => known.some(({ name, region }) => region === "face" && wish.startsWith(`${name}:`)));

/**
 * Show the controls in a place of their own.
 *
 * @param {HTMLElement} place
 * @param {Expression[]} known
 * @param {string[] | null | undefined} wishes as the edit script has them
 * @param {(wishes: string[] | null) => void} told
 * @param {HTMLElement | false} [shown] what of it is seen
 */
export function showExpression(place, known, wishes, told, shown = false) {
  const [, name, amount] = (wishes?.length === 1 && /^([\w-]+):([\d.]+)$/.exec(wishes[0])) || [];
  const found = known.find((one) => one.name === name);
  // What was written by hand, at words or several at once, stays until another one is chosen.
  const byHand = found ? "" : (wishes ?? []).join(", ");
  const names = /** @type {[string, string][]} */ ([["", "none"], ...(byHand ? [[byHand, byHand]] : []),
    ...known.map((one) => [one.name, one.name.replace("-", " ")])]);
  const usual = (/** @type {Expression} */ one) => Math.round(one.most / 2 / STEP) * STEP;
  fill(place, choice("Expression", names, found?.name ?? byHand, (chosen) => {
    const one = known.find((other) => other.name === chosen);
    told(one ? [`${chosen}:${usual(one).toFixed(2)}`] : null);
  }), found && make("input", {
    type: "range", min: STEP, max: found.most, step: 0.01, value: amount, ariaLabel: "How much of the expression",
    title: `How much: ${amount} of at most ${found.most}, as people show`,
    onchange: (/** @type {any} */ event) => told([`${found.name}:${Number(event.target.value).toFixed(2)}`]),
  }), found && make("span", { className: "soft" }, amount), shown);
}
