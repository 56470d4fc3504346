// @ts-check
/** The panels beside the words: edits, takes, seams, downloads. */

/** @param {string} tag @param {object} [props] @param {...(Node | string)} inside */
export function make(tag, props = {}, ...inside) {
  const { dataset, ...rest } = /** @type {any} */ (props);
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, dataset ?? {});
  node.append(...inside);
  return node;
}

/** A jump of seams against the clip's own. @param {any[]} seams */
function inWords(seams) {
  const jumps = seams.flatMap((seam) => ["motion", "velocity", "picture"].map((kind) => seam[kind]))
    .filter((jump) => jump);
  const rough = jumps.filter((jump) => jump.is_usual === false);
  if (!rough.length) return jumps.some((jump) => jump.is_usual) ? "as usual" : "not measured";
  const most = Math.max(...rough.map((jump) => jump.ratio ?? 0));
  return most ? `${most.toFixed(1)} times the usual` : "look";
}

/** @param {any[]} seams */
const grade = (seams) => make("span", {
  className: seams.every((seam) => seam.smooth) ? "good" : "look",
}, inWords(seams));

const signed = (frames) =>
  frames === 0 ? "as long as before" :
    `${Math.abs(frames)} frame${Math.abs(frames) === 1 ? "" : "s"} ${frames > 0 ? "longer" : "shorter"}`;

/**
 * @param {HTMLElement} list
 * @param {any[]} words
 * @param {any[]} edits
 * @param {any} plan
 * @param {any} sounds
 * @param {{choose: (edit: any) => void, hear: (index: number, inContext: boolean) => void}} act
 */
export function showEdits(list, words, edits, plan, sounds, act) {
  const fills = (plan?.segments ?? []).filter((segment) => !segment.keep);
  list.replaceChildren(...edits.map((edit, index) => {
    const [a, b] = edit.words;
    const old = words.slice(a, b).map((word) => word.text).join(" ");
    const says = make("button", { type: "button", className: "plain", onclick: () => act.choose(edit) });
    if (old) says.append(make("del", {}, old));
    if (old && edit.new) says.append(" ");
    if (edit.new) says.append(make("ins", {}, edit.new));
    const item = make("li", {}, says);
    const fill = fills[index];
    const line = make("div", { className: "soft" });
    const play = (says, title, inContext) => make("button", {
      type: "button", className: "hear", title, ariaLabel: `${title}: ${edit.new || old}`,
      onclick: () => act.hear(index, inContext),
    }, says);
    if (sounds) {
      if (edit.new) line.append(play("Hear", "Hear the new words (Alt P)", false), " ");
      line.append(play("In context", "Hear them in context (Alt Shift P)", true), " ");
    }
    if (edit.new) line.append(`${sounds ? "" : "about "}${(fill?.speech_s ?? 0).toFixed(2)} s`);
    if (fill) line.append(`${edit.new ? " · " : ""}clip ${signed(fill.shift_frames)}`);
    item.append(line);
    return item;
  }));
  if (!edits.length) {
    list.append(make("li", { className: "soft" }, "None yet: choose words below and type others."));
  }
}

/**
 * @param {HTMLElement} list
 * @param {any[]} takes
 * @param {string | null} chosen
 * @param {string} clip
 * @param {(name: string) => void} choose
 */
export function showTakes(list, takes, chosen, clip, choose) {
  list.replaceChildren(...takes.map((take, index) => {
    const pick = make("button", {
      type: "button", className: "take", ariaPressed: String(take.name === chosen),
      title: `Show this take (${index + 1})`, onclick: () => choose(take.name),
    }, make("b", {}, `${index + 1}`), index === 0 && takes.length > 1 ? " best" : "",
    grade(take.seams));
    const report = make("a", {
      href: `/api/clips/${clip}/takes/${take.name}/report`, target: "_blank", rel: "noopener",
      ariaLabel: `Report of take ${index + 1}`,
    }, "Report");
    return make("li", {}, pick, report);
  }));
  if (!takes.length) list.append(make("li", { className: "soft" }, "None of these edits yet."));
}

/**
 * @param {HTMLElement} list
 * @param {any[]} seams
 * @param {(time: number) => void} jump
 */
export function showSeams(list, seams, jump) {
  list.replaceChildren(...seams.map((seam) => make("li", {}, make("button", {
    type: "button", className: "plain", onclick: () => jump(seam.output_s),
  }, `${seam.output_s.toFixed(2)} s `, grade([seam])))));
  if (!seams.length) list.append(make("li", { className: "soft" }, "Known once there is a take."));
}

/**
 * @param {HTMLElement} place
 * @param {string} clip
 * @param {any} made
 */
export function showDownloads(place, clip, made) {
  const link = (name, says) => make("a", {
    href: `/api/clips/${clip}/exports/${encodeURIComponent(name)}`, download: name,
  }, says);
  place.replaceChildren(
    ...(made ? [link(made.video, made.video), link(made.script, "edit script")] : []),
    ...(made?.manifest ? [link(made.manifest, "its signed manifest")] : []));
}
