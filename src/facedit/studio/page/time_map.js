// @ts-check
/**
 * Where moments of the source and of the output lie in each other, and what plays when.
 * Pure functions of a plan: `{segments: [{keep, source: [a, b], output: [c, d]}], …}`, in seconds.
 *
 * @typedef {{keep: boolean, source: [number, number], output: [number, number]}} Segment
 * @typedef {{segments: Segment[], source_duration_s: number, output_duration_s: number}} Plan
 * @typedef {"rest" | "take" | "sound" | "none"} Kind
 * @typedef {{kind: Kind, start: number, end: number, src: string, offset: number, fill: number}} Piece
 */

/**
 * All of a source, kept or with other speech.
 *
 * @param {number} source_s @param {number} [output_s] of what was made of it @param {string} [text] what is said @returns {Plan}
 */
export function wholePlan(source_s, output_s, text) {
  const segment = { keep: output_s === undefined, text, source: /** @type {[number, number]} */ ([0, source_s]), output: /** @type {[number, number]} */ ([0, output_s ?? source_s]) };
  return { source_duration_s: source_s, output_duration_s: segment.output[1], segments: [segment] };
}

/** @param {Plan | null} plan @param {number} time in the output @returns {number} in the source */
export function sourceTime(plan, time) {
  return mapped(plan, time, "output", "source");
}

/** @param {Plan | null} plan @param {number} time in the source @returns {number} in the output */
export function outputTime(plan, time) {
  return mapped(plan, time, "source", "output");
}

/** How fast the source passes at a moment of the output: old words under longer new ones slowly. @param {Plan | null} plan @param {number} time @returns {number} */
export function sourceRate(plan, time) {
  const { keep, source: [a, b], output: [c, d] } = plan?.segments.find(({ output }) => time < output[1]) ?? wholePlan(1).segments[0];
  return keep ? 1 : (b - a) / (d - c);
}

function mapped(plan, time, from, to) {
  if (!plan) return time;
  for (const segment of plan.segments) {
    const [a, b] = segment[from];
    if (time < a || time >= b) continue;
    const [c, d] = segment[to];
    return segment.keep ? c + time - a : c + ((time - a) / (b - a)) * (d - c);
  }
  const last = plan.segments[plan.segments.length - 1];
  return last ? last[to][1] : time;
}

/**
 * The output as pieces in order: kept stretches of the source, previews of takes with what they
 * hold on either side, new sounds without pictures yet, and new words that have neither.
 *
 * @param {Plan} plan
 * @param {({src: string, lead_s: number, length_s: number} | null)[]} previews one per fill
 * @param {(string | null)[]} sounds address of the sound, one per fill
 * @returns {Piece[]}
 */
export function pieces(plan, previews, sounds) {
  let fill = -1;
  const all = plan.segments.map(({ keep, source, output: [start, end] }) => {
    if (keep) return piece("rest", start, end, "", source[0] - start, -1);
    fill += 1;
    const preview = previews[fill];
    if (preview) return piece("take", start, end, preview.src, preview.lead_s - start, fill);
    return piece(sounds[fill] ? "sound" : "none", start, end, sounds[fill] ?? "", -start, fill);
  });
  all.forEach((one, at) => {
    const preview = one.kind === "take" && previews[one.fill];
    if (!preview) return;
    const [before, after] = [all[at - 1], all[at + 1]];
    const from = one.start - preview.lead_s;
    if (before?.kind === "rest") before.end = one.start = Math.max(before.start, from);
    if (after?.kind === "rest") after.start = one.end = Math.min(after.end, from + preview.length_s);
  });
  return all.filter((one) => one.end - one.start > 1e-6);
}

/** @returns {Piece} */
function piece(kind, start, end, src, offset, fill) {
  return { kind, start, end, src, offset, fill };
}

/** @param {Piece[]} all @param {number} time @returns {Piece | undefined} */
export function pieceAt(all, time) {
  return all.find((one) => time < one.end - 1e-4) ?? all[all.length - 1];
}

/** The last word that has begun at a moment of the source; -1 before the first. @param {{start_s: number}[]} words @param {number} time */
export function wordAt(words, time) {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle].start_s <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
