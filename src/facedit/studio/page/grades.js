// @ts-check
/** Seams in words: how large a jump is against those that the clip makes by itself. */

import { make } from "./elements.js";

/** @param {any[]} seams @returns {{says: string, smooth: boolean}} */
export function grade(seams) {
  const jumps = seams.flatMap((seam) => ["motion", "velocity", "picture"].map((kind) => seam[kind])).filter(Boolean);
  const rough = jumps.filter((jump) => jump.is_usual === false);
  if (!rough.length) return { says: jumps.some((jump) => jump.is_usual) ? "as usual" : "not measured", smooth: true };
  const most = Math.max(...rough.map((jump) => jump.ratio ?? 0));
  return { says: most ? `${most.toFixed(1)} times the usual` : "look", smooth: false };
}

/** @param {any[]} seams */
export function graded(seams) {
  const { says, smooth } = grade(seams);
  return make("span", { className: smooth ? "good" : "look" }, says);
}

/** Three dots: no seam stands out; one and a half times the most that the clip does; more. @param {any} take */
export function dots(take) {
  const full = grade(take.seams).smooth ? 3 : take.worst <= 1.5 ? 2 : 1;
  return make("span", { className: `dots ${full === 3 ? "good" : "look"}`, ariaHidden: "true" },
    "●".repeat(full) + "○".repeat(3 - full));
}
