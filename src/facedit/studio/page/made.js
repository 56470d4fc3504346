// @ts-check
/**
 * What the server made of the edits, as the page shows it: addresses for names, and seams by how
 * far they lie from the beginning of their edit, which stays when edits before it change.
 *
 * @typedef {{kind: string, says: string, start_s?: number, end_s?: number, time_s?: number,
 *   faces?: {number: number, box: [number, number, number, number]}[]}} Warning
 * @typedef {{name: string, seed: number, worst: number, seams: any[], warnings: string[],
 *   preview: {src: string, lead_s: number, length_s: number}}} Take
 * @typedef {{key: string, words: [number, number], new: string, sound: string | null,
 *   context: string | null, source: string | null, shape: {min: number[], max: number[]} | null, voice: string, speech_s: number,
 *   wishes: import("./expression.js").Wish[], warnings: Warning[], takes: Take[], chosen: string | null}} Made
 */

/** Warnings that name what cannot work; others only ask to look. */
const STOPS = new Set(["face_away", "cut", "faces"]);

/** @param {Warning} warning */
export const stops = (warning) => STOPS.has(warning.kind);

/** @param {string} address of the clip @param {any} edit as the server tells it @returns {Made} */
export function madeOf(address, edit) {
  const { spoken } = edit;
  const heard = (/** @type {string | null} */ name) => (name ? `${address}/sounds/${name}` : null);
  return {
    key: edit.key, words: edit.words, new: edit.new, chosen: edit.chosen,
    sound: heard(spoken?.sound ?? null), context: heard(spoken?.context ?? null), source: heard(spoken?.source ?? null),
    wishes: edit.wishes ?? [],
    shape: spoken?.shape ?? null, voice: spoken?.voice ?? "", speech_s: spoken?.speech_s ?? 0,
    // Words that are unsure are warned of one by one, with their places.
    warnings: [...edit.warnings, ...(spoken?.warnings ?? []).filter((says) => !says.includes("of low score"))
      .map((says) => ({ kind: "spoken", says }))],
    takes: edit.takes.map((take) => takeOf(address, edit, take)),
  };
}

/** @returns {Take} */
function takeOf(address, edit, take) {
  const start = fillOf(take.plan, edit).output[0];
  const [from, to] = take.output;
  return {
    ...take,
    seams: take.seams.filter((seam) => seam.output_s >= from && seam.output_s <= to)
      .map((seam) => ({ ...seam, from_s: seam.output_s - start })),
    preview: { src: `${address}/takes/${take.preview}`, lead_s: start - from, length_s: to - from },
  };
}

/** Seeds of further takes: two at first, then three. @param {Take[]} takes @param {number} [count] */
export function nextSeeds(takes, count = takes.length ? 3 : 2) {
  const first = Math.max(-1, ...takes.map((take) => take.seed)) + 1;
  return Array.from({ length: count }, (_, k) => first + k);
}

/** Seams by their times in the whole output, in order. @param {(Take | null)[]} takes one per edit @param {any[]} layout */
export const seamsOf = (takes, layout) =>
  takes.flatMap((take, index) => (take?.seams ?? []).map((seam) =>
    ({ ...seam, index, output_s: (layout[index]?.output[0] ?? 0) + seam.from_s }))).sort((a, b) => a.output_s - b.output_s);

/** The seam after a time, or before it. @param {any[]} seams @param {number} time @param {number} step */
export const nextSeam = (seams, time, step) => step > 0 ? seams.find(({ output_s }) => output_s > time + 0.02)
  : seams.findLast(({ output_s }) => output_s < time - 0.02);

/** The part of a plan that is an edit: of those with its text the nearest to where it was said. */
function fillOf(plan, edit) {
  const fills = plan.segments.filter((segment) => !segment.keep);
  const same = fills.filter((fill) => (fill.text ?? "") === edit.new);
  const at = edit.source_s ?? 0;
  return (same.length ? same : fills).reduce((best, fill) =>
    Math.abs(fill.source[0] - at) < Math.abs(best.source[0] - at) ? fill : best);
}
