// @ts-check
/** The list of edits, and the card of the chosen one: its sound, takes, seams and options. */

import { $, button, choice, counted, fill, make } from "./elements.js";
import { showExpressions } from "./expression.js";
import { dots, grade, graded } from "./grades.js";
import { stops } from "./made.js";

/** Voices that are no names of voices. @type {Record<string, string>} */
export const VOICES = { auto: "near the speaker", own: "the speaker's own, imitated" };

/** How strongly the lips move, against what the model draws. @type {[string, string][]} */
const STRENGTHS = [["0.7", "less"], ["1", "as drawn"], ["1.2", "a little more"], ["1.5", "more"]];

/**
 * @typedef {{choose: (index: number) => void, hear: (what: "sound" | "context" | "source") => void,
 *   more: (count: number) => void, take: (name: string) => void, seam: (time: number, side: "in" | "out") => void,
 *   set: (name: string, value: any) => void, record: () => void, drop: (file: File) => void,
 *   show: (warning: any) => void,
 *   faces: (warning: any) => void, correct: (warning: any) => void}} Acts
 */

const signed = (frames) =>
  frames === 0 ? "clip as long as before" : `clip ${frames > 0 ? "+" : "−"}${counted(Math.abs(frames), "frame")}`;

/** Old words and new ones. @param {any[]} words @param {any} edit */
function told(words, edit) {
  const old = words.slice(...edit.words).map((word) => word.text).join(" ");
  return [old && make("del", {}, old), old && edit.new && " ", edit.new && make("ins", {}, edit.new)];
}

/**
 * @param {import("./clip_state.js").ClipState} clip
 * @param {any[]} edits as they are, or are being typed
 * @param {Acts} act
 */
export function showEdits(clip, edits, act) {
  fill($("edits"), ...edits.map((edit, index) => {
    const made = clip.madeOf(index);
    const take = chosenTake(made);
    const state = made?.warnings.some(stops) ? make("span", { className: "look small" }, "look first")
      : take ? graded(take.seams) : make("span", { className: "soft small" }, made?.sound ? "spoken" : "");
    return make("li", {}, make("button", {
      type: "button", className: "plain", ariaPressed: String(index === clip.chosen), onclick: () => act.choose(index),
    }, make("span", { className: "soft" }, `${index + 1}`), make("span", { className: "what" }, ...told(clip.words, edit)), state));
  }), !edits.length && make("li", { className: "soft" }, "None yet: choose words below and type others."));
}

/** Say how many edits there are, and how long they make the clip. @param {any} plan @param {number} count */
export function showSummary({ output_duration_s: long, source_duration_s: before }, count) {
  const by = `${long < before ? "−" : "+"}${Math.abs(long - before).toFixed(2)} s`;
  $("summary").textContent = `${counted(count, "edit")} · ${long.toFixed(2)} s (${by})`;
}

/** @param {any} made */
export const chosenTake = (made) =>
  made?.takes.find((take) => take.name === made.chosen) ?? made?.takes[0] ?? null;

/**
 * @param {import("./clip_state.js").ClipState} clip
 * @param {any} layout the part of the plan that is this edit
 * @param {{voices: string[], regions: string[], expressions: import("./expression.js").Expression[],
 *   recording: boolean, speaking: boolean, side: "in" | "out" | null}} known
 * @param {Acts} act
 */
export function showCard(clip, layout, known, act) {
  const edit = clip.edits[clip.chosen];
  $("edit-card").hidden = !edit;
  if (!edit) return;
  const made = clip.madeOf(clip.chosen);
  fill($("card-title"), make("span", { className: "soft" },
    clip.edits.length > 1 ? `Edit ${clip.chosen + 1} of ${clip.edits.length}  ` : ""), ...told(clip.words, edit));
  showWarnings($("warnings"), made?.warnings ?? [], act);
  showSound(clip, edit, made, layout, known, act);
  showTakes(made, clip, known, act);
  const take = chosenTake(made);
  // Before there are pictures, sounds meet already.
  const joints = !made?.context || !layout ? [] : [{ side: "in", from_s: 0 }, { side: "out", from_s: layout.output[1] - layout.output[0] }];
  const seams = take?.seams ?? joints;
  fill($("seams"), seams.length > 0 && make("h3", {}, "Seams"), make("div", { className: "seams-line" },
    ...seams.map((seam) => make("button", {
      type: "button", title: "Source and new sound at this seam, from near (Z)", ariaPressed: String(known.side === seam.side),
      onclick: () => act.seam(seam.from_s, seam.side),
    }, seam.side === "in" ? "into it" : "out of it", take && ": ", take && graded([seam])))));
  fill($("options"),
    choice("Moves", known.regions.map((name) => [name, name]), edit.region ?? clip.options.region ?? "lips",
      (value) => act.set("region", value)),
    choice("Strength", STRENGTHS, String(edit.articulation ?? 1), (value) => act.set("articulation", Number(value))));
  $("expression").hidden = !edit.new;
  showExpressions($("expression"), known.expressions, clip.wishesOf(edit), (wishes) => act.set("expression", wishes),
    "from where the edit begins", shownBy(take));
}

/** What the report says of a take's expression. @param {any} take */
const shownBy = (take) => Object.entries(take?.figures ?? {}).filter(([name]) => name.startsWith("expression "))
  .map(([name, says]) => make("span", { className: "soft small line" }, `${name.replace("expression ", "")}: ${says}.`));

/** @param {HTMLElement} list @param {any[]} warnings @param {Acts} act */
export function showWarnings(list, warnings, act) {
  fill(list, ...warnings.map((one) => make("li", { className: stops(one) ? "stops" : one.kind === "face" ? "told" : "" }, `${one.says} `,
    one.faces?.length && button(one.kind === "face" ? "Choose another" : "Choose the face", () => act.faces(one)),
    one.kind === "words" && button("Correct what was heard", () => act.correct(one)),
    one.start_s !== undefined && one.kind !== "face" && button("Show", () => act.show(one)))));
}

function showSound(clip, edit, made, layout, known, act) {
  const place = $("sound");
  const lasts = layout && make("span", { className: "soft line" },
    edit.new && `${made?.sound ? "" : "about "}${(layout.speech_s ?? 0).toFixed(2)} s for `,
    edit.new ? `${(layout.source[1] - layout.source[0]).toFixed(2)} s of the old sound` : `${(layout.source[1] - layout.source[0]).toFixed(2)} s go`,
    ` · ${signed(layout.shift_frames)}`);
  const heading = make("h3", {}, edit.new ? "New sound" : "Sound");
  const hear = made?.sound && button("▸ Hear", () => act.hear("sound"), { title: "P" });
  const context = made?.context && [button("▸ In context", () => act.hear("context"), { title: "Shift P" }),
    made.source && button("▸ As shot", () => act.hear("source"), { title: "The same stretch of the clip, as it was said" })];
  if (!edit.new) return fill(place, heading, ...(context || []), lasts);
  const voices = /** @type {[string, string][]} */ (known.voices.map((name) => [name, VOICES[name] ?? name]));
  const voice = edit.speech
    ? make("span", {}, "own recording ", button("Use a voice", () => act.set("speech", null)))
    : choice("Voice", voices, edit.voice ?? clip.options.voice ?? "auto", (value) => act.set("voice", value));
  const picked = make("input", { type: "file", accept: "audio/*,video/*", ariaLabel: "Own recording of the new words, from a file",
    onchange: (event) => event.target.files[0] && act.drop(event.target.files[0]) });
  fill(place, heading, hear, ...(context || []), !made?.sound && make("span", { className: "soft" }, known.speaking ? "being spoken …" : ""), voice,
    button(known.recording ? "■ Stop" : "● Record", act.record, {
      className: known.recording ? "recording" : "", title: "Say the new words yourself, into the microphone" }),
    make("label", { className: "button", title: "A recording of the new words; or drop one on the page" }, "File …", picked), lasts);
}

function showTakes(made, clip, known, act) {
  const takes = made?.takes ?? [];
  const chosen = chosenTake(made);
  const more = (count, says, title) => button(says, () => act.more(count), {
    title, disabled: Boolean(clip.error), className: takes.length ? "" : "main" });
  fill($("takes"), make("h3", {}, "Takes"), ...takes.map((take, index) => {
    const { says } = grade(take.seams);
    return make("button", {
      type: "button", className: "take", ariaPressed: String(take === chosen),
      ariaLabel: `Take ${index + 1}${index === 0 ? ", the best" : ""}: seams ${says}`, title: `Seams: ${says} (${index + 1})`,
      onclick: () => act.take(take.name),
    }, `${index + 1}`, dots(take), index === 0 && takes.length > 1 && "best");
  }), takes.length ? more(3, "+ 3 more", "Make three more takes (M)") : more(2, "Make takes", "Make two takes (M)"),
  ...(chosen?.warnings ?? []).filter((text) => !text.includes("of low score") && !(made?.warnings ?? []).some((one) => one.says === text)).map((text) => make("span", { className: "look small line" }, text)));
}
