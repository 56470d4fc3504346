// @ts-check
/** Answers of a server that makes takes of all edits together, as those that tell of each edit. */

/** Whether a server tells of each edit: what it then can do is shown. @param {any} state */
export function tellsEach(state) {
  document.body.classList.toggle("each", Array.isArray(state.edits));
  return Array.isArray(state.edits);
}

/** @param {any} answer @param {any[]} edits @returns {any} */
export function eachEdit(answer, edits) {
  if (!answer.takes || answer.edits) return answer;
  const { sounds, exported } = answer;
  const names = Object.entries(exported ?? {}).filter(([what]) => what !== "key");
  return {
    ...answer, plan: sounds?.plan ?? answer.plan, estimated: !sounds,
    exports: names.map(([what, name]) => ({ what, name, current: exported.key === answer.key })),
    edits: (answer.script?.edits ?? edits).map((edit, index) => ({
      ...edit, key: `${answer.key}`, chosen: null, warnings: [],
      spoken: sounds && { sound: sounds.sounds[index], context: sounds.contexts[index], speech_s: 0,
        voice: sounds.voices.join(", "), warnings: sounds.warnings },
      takes: answer.takes.map((take) => ({
        ...take, preview: take.shown, output: [0, take.plan.output_duration_s],
        seams: take.seams.filter((seam) => seam.span === index) })),
    })),
  };
}
