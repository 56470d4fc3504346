// @ts-check
/**
 * What the server made of the edits, as the page shows it: addresses for names, and seams by how
 * far they lie from the beginning of their edit, which stays when edits before it change.
 *
 * @typedef {{says: string, stops: boolean, kind: string, action?: string}} Warning
 * @typedef {{name: string, seed: number, worst: number, seams: any[], warnings: string[],
 *   preview: {src: string, lead_s: number, length_s: number}, report: string | null}} Take
 * @typedef {{words: [number, number], new: string, sound: string | null, context: string | null,
 *   voice: string, warnings: Warning[], takes: Take[], chosen: string | null}} Made
 */

/** @param {string} address of the clip @param {any} answer @returns {Made[]} */
export function madeOf(address, answer) {
  const { sounds } = answer;
  const edits = answer.script?.edits ?? answer.edits ?? [];
  const known = sounds ? sounds.plan : null;
  const fillsOf = (plan) => plan.segments.filter((segment) => !segment.keep);
  return edits.map((edit, index) => ({
    words: edit.words, new: edit.new,
    sound: sounds?.sounds[index] ? `${address}/sounds/${sounds.sounds[index]}` : null,
    context: sounds?.contexts[index] ? `${address}/sounds/${sounds.contexts[index]}` : null,
    voice: sounds?.voices.join(", ") ?? "", chosen: null, known,
    warnings: (sounds?.warnings ?? []).map((says) => ({ says, stops: false, kind: "" })),
    takes: (answer.takes ?? []).map((take) => {
      const start = fillsOf(take.plan)[index].output[0];
      return { ...take, seams: take.seams.filter((seam) => seam.span === index).map((seam) => ({ ...seam, from_s: seam.output_s - start })),
        preview: { src: `${address}/takes/${take.shown}`, lead_s: start, length_s: take.plan.output_duration_s },
        report: `${address}/takes/${take.name}/report` };
    }),
  }));
}

/** Files that may be fetched. @param {any} answer @returns {{name: string, says: string}[]} */
export function filesOf({ exported }) {
  if (!exported) return [];
  const says = { video: "", script: "edit script", manifest: "its signed manifest" };
  return Object.keys(says).filter((kind) => exported[kind]).map((kind) => ({ name: exported[kind], says: says[kind] }));
}
