// @ts-check
/** The clip that is worked on: its edits change, are saved, spoken, taken and shown. */

import { send } from "./api.js";
import { chosenTake, showCard, showEdits, showSummary, showWarnings } from "./cards.js";
import { AROUND_S, CloseUp } from "./close_up.js";
import { $ } from "./elements.js";
import { needsFace } from "./expression.js";
import { chooseFace } from "./faces.js";
import { Hearing } from "./hearing.js";
import { nextSeam, nextSeeds, seamsOf } from "./made.js";
import { Player, showMoment } from "./player.js";
import { wholePlan, wordAt } from "./time_map.js";
import { Timeline } from "./timeline.js";
import { Words } from "./words.js";

const SEAM_S = 0.25;
const OPTION_NAMES = { voice: "Voice", region: "Moves", speech: "Recording", articulation: "Strength", expression: "Expression" };

export class Work {
  /**
   * @param {{say: (text: string) => void, note: (text: string) => void,
   *   fail: (error: Error) => void, speaking: () => boolean,
   *   setMode: (corrects: boolean) => void, recorder: import("./recorder.js").Recorder}} page
   */
  constructor(page) {
    this.page = page;
    this.say = page.say;
    this.fail = page.fail;
    /** @type {import("./clip_state.js").ClipState | null} */
    this.clip = null;
    /** Edits while they are typed. @type {any[] | null} */
    this.draft = null;
    /** Voices, regions and expressions that the server knows. @type {any} */
    this.known = { voices: [], regions: [], expressions: [] };
    this.player = new Player(
      { before: $("before"), rest: $("rest"), take: $("take"), sound: new Audio() },
      (source_s, output_s, piece) => this.#moved(source_s, output_s, piece));
    this.timeline = new Timeline($("timeline"), {
      output: (time) => this.player.seekOutput(time),
      frame: (step) => this.frame(step),
      whole: () => this.closeUp(null),
    });
    this.hearing = new Hearing(this.player, this.say, this.fail);
    this.near = new CloseUp(this.timeline, this.fail);
    this.words = new Words($("words"), {
      edit: (edits, says) => this.change(edits, says),
      draft: (edits) => this.#typed(edits),
      correct: (start, end, text) => this.#corrected(start, end, text),
      chosen: (index) => this.#chosenWord(index),
    });
    this.acts = {
      choose: (index) => this.chooseEdit(index),
      hear: (what) => this.hear(what),
      more: (count) => void this.more(count).catch(this.fail),
      take: (name) => void this.chooseTake(name).catch(this.fail),
      seam: (from_s, side) => {
        this.closeUp(side);
        this.#jump((this.#fill?.output[0] ?? 0) + from_s);
      },
      set: (name, value) => this.setOption(name, value),
      record: () => void this.page.recorder.toggle(),
      drop: (file) => void this.ownSound(file).catch(this.fail),
      show: (warning) => this.player.seek(warning.start_s),
      faces: (warning) => this.chooseFace(warning),
      correct: ({ start_s }) => {
        this.page.setMode(true);
        this.words.choose(Math.max(wordAt(this.words.words, start_s + 0.01), 0));
      },
    };
  }

  /** Show a clip's words and edits; ask for the words where they are not known yet. @param {any} state */
  async show(state) {
    const now = /** @type {import("./clip_state.js").ClipState} */ (this.clip);
    this.draft = null;
    this.words.load(now.words);
    if (now.info.still) return;  // nothing is said in it
    $("words").toggleAttribute("aria-busy", !state.heard);
    if (!state.heard && !state.jobs.some((job) => job.kind === "words")) await now.ask("transcript");
    this.timeline.words = now.words;
    $("language").value = state.script?.transcript.language ?? "";
    if (!now.isReady) return this.render();
    this.words.show(now.edits);
    $("words").focus();
    await now.save();
    await this.#speak();
  }

  /** An edit is made: it can be undone, is saved, and its new words are spoken. */
  change(edits, says) {
    const now = this.clip;
    if (!now) return;
    const before = now.edits.map((edit) => JSON.stringify(edit));
    now.change(edits);
    const made = edits.findIndex((edit) => !before.includes(JSON.stringify(edit)));
    if (made >= 0) now.chosen = made;
    this.#settle(says);
  }

  #settle(says) {
    const now = /** @type {import("./clip_state.js").ClipState} */ (this.clip);
    this.draft = null;
    now.chosen = Math.max(0, Math.min(now.chosen, now.edits.length - 1));
    this.say(says);
    this.words.show(now.edits);
    this.render();
    void now.save().then(() => this.#speak()).catch(this.fail);
  }

  #typed(edits) {
    this.draft = edits === this.clip?.edits ? null : edits;
    void this.clip?.save(edits);
  }

  async #speak() {
    const waits = this.clip?.edits.some((_, index) => !this.clip?.madeOf(index)?.context);
    if (waits && !this.clip?.error) await this.clip?.ask("sounds");
  }

  undo(step) {
    if (this.clip?.step(step)) this.#settle(step === "undo" ? "Undone." : "Done again.");
  }

  /** Set an option of the chosen edit. @param {string} name @param {any} value */
  setOption(name, value) {
    const now = this.clip;
    if (!now) return;
    const options = { [name]: name === "expression" ? now.written(value) : value };
    const edit = { ...now.edits[now.chosen], ...options };
    // Brows and eyes show nothing where only the lips move: what was chosen last counts.
    if ((edit.region ?? now.options.region ?? "lips") === "lips" && needsFace(this.known.expressions, now.wishesOf(edit))) {
      const ofLips = now.wishesOf(edit).filter((wish) => !needsFace(this.known.expressions, [wish]));
      Object.assign(options, name === "region" ? { expression: now.written(ofLips) } : { region: "face" });
    }
    now.set(now.chosen, options);
    this.#settle(`${Object.entries(options).map(([one, set]) => `${OPTION_NAMES[one] ?? one}: ${set ?? "none"}`).join(", ")}.`);
  }

  /** @param {number} index */
  chooseEdit(index) {
    const [now, edit] = [this.clip, this.clip?.edits[index]];
    if (!now || !edit) return;
    now.chosen = index;
    const [a, b] = edit.words;
    this.words.choose(Math.min(a, now.words.length - 1), Math.max(b - 1, a));
    this.render();
  }

  /** @param {number} step */
  nextEdit(step) {
    const count = this.clip?.edits.length ?? 0;
    if (count) this.chooseEdit(((this.clip?.chosen ?? 0) + step + count) % count);
  }

  /** A word is chosen: the player goes there, and the card shows its edit. @param {number} index */
  #chosenWord(index) {
    const now = this.clip;
    const word = now?.words[index];
    if (!now || !word) return;
    $("word-facts").textContent = this.words.facts();
    [$("word-start").value, $("word-end").value] = [word.start_s.toFixed(2), word.end_s.toFixed(2)];
    if (!this.player.playing) this.player.seek(word.start_s);
    const at = now.edits.findIndex(({ words: [a, b] }) => a < this.words.end && b > this.words.start);
    if (at < 0 || at === now.chosen) return;
    now.chosen = at;
    this.render();
  }

  /** Change what counts as said. @param {{index: number, text?: string, start_s?: number, end_s?: number}[]} wishes */
  async correct(wishes) {
    this.say("Fitting the corrected words to the sound …");
    await this.clip?.correct(wishes);
  }

  /** Words in a row were really said as `text`: the first takes it, the others go. */
  #corrected(start, end, text) {
    const wishes = Array.from({ length: end - start }, (_, k) => ({ index: start + k, text: k ? "" : text }));
    void this.correct(wishes).catch(this.fail);
  }

  /** Words that were recognised meanwhile; those that are final can be edited. @param {{from: number, words: any[], until_s: number, final: boolean}} heard */
  hearWords({ from, words, until_s, final }) {
    const now = this.clip;
    if (!now || from !== this.words.known) return;
    this.words.cut(from);
    this.words.extend(words.map((word) => ({ score: 1, ...word })), final);
    $("words").setAttribute("aria-busy", "true");
    this.timeline.words = [...this.words.words];
    if (final) now.words = this.timeline.words;
    this.timeline.draw();
    const open = final ? "" : "; they can be edited soon";
    this.page.note(`${this.words.words.length} words heard, until ${until_s.toFixed(0)} s of ${now.info.duration_s.toFixed(0)} s${open}.`);
  }

  get #made() {
    return this.clip?.madeOf(this.clip.chosen) ?? null;
  }

  /** @param {import("./hearing.js").What} what */
  hear(what) {
    this.hearing.play(this.#made, what);
  }

  /** Make takes of the chosen edit: two at first. @param {number} [count] */
  async more(count) {
    const now = this.clip;
    if (!now?.edits.length || now.error) return;
    await now.saving;
    const made = this.#made;
    if (made) await now.ask("takes", { edit: made.key, seeds: nextSeeds(made.takes, count) });
  }

  /** @param {number} index in the list */
  takeAt(index) {
    const take = this.#made?.takes[index];
    if (take) void this.chooseTake(take.name).catch(this.fail);
  }

  /** @param {string} name */
  async chooseTake(name) {
    const [now, made] = [this.clip, this.#made];
    const at = made?.takes.findIndex((take) => take.name === name) ?? -1;
    if (!now || !made || at < 0) return;
    made.chosen = name;
    this.render();
    this.say(`Take ${at + 1}.`);
    now.learn(await now.ask("chosen", { edit: made.key, take: name }));
  }

  /** Say the chosen edit by a recording. @param {Blob} sound */
  async ownSound(sound) {
    const now = this.clip;
    if (!now?.edits.length) return this.say("Choose an edit first: a recording is for its new words.");
    await now.saving;
    this.say("Fitting the recording to the words …");
    const found = await send(`/clips/${now.id}/recordings`, sound, "name" in sound ? String(sound.name) : "recording.webm");
    this.setOption("speech", found.speech);
  }

  fills() {
    return (this.clip?.plan?.segments ?? []).filter((segment) => !segment.keep);
  }

  /** Where the chosen edit lies. */
  get #fill() {
    return this.fills()[this.clip?.chosen ?? 0];
  }

  /** Look from near at where old and new sound of the chosen edit meet. @param {import("./close_up.js").Side} side */
  closeUp(side) {
    this.near.show(side, this.#made, this.#fill);
    this.render();
  }

  /** Another seam from near: into the edit, out of it, none. */
  nextCloseUp() {
    this.closeUp(this.near.next);
    if (this.near.side) return this.#jump(this.#fill.output[this.near.side === "in" ? 0 : 1]);
    this.say(this.clip?.edits.length ? "The whole layout." : "There is no seam yet.");
  }

  /** Seams of the chosen takes by their times in the whole output. */
  seams() {
    const { clip } = this;
    return clip ? seamsOf(clip.edits.map((_, index) => chosenTake(clip.madeOf(index))), this.fills()) : [];
  }

  /** Jump a little before a seam. @param {number} time */
  #jump(time) {
    this.player.seekOutput(time - SEAM_S);
    this.say(`Before the seam at ${time.toFixed(2)} s.`);
  }

  /** @param {number} step */
  nextSeam(step) {
    const found = nextSeam(this.seams(), this.player.at + SEAM_S, step);
    if (!found) return;
    if (this.near.side) {
      if (found.index !== this.clip?.chosen) this.chooseEdit(found.index);
      this.closeUp(found.side);
    }
    this.#jump(found.output_s);
  }

  /** @param {number} step */
  frame(step) {
    if (this.clip) this.player.nudge(step, this.clip.info.frame_rate);
  }

  /** Show boxes around the faces; the one that is clicked is meant. @param {any} warning */
  chooseFace({ faces, time_s: time, taken }) {
    const now = /** @type {import("./clip_state.js").ClipState} */ (this.clip);
    this.player.pause();
    this.player.seek(time);
    chooseFace(faces, now.info, now.face ?? String(taken), (face) => {
      now.face = face;
      this.#settle(`Face ${face} from the left.`);
    });
    this.say("Choose whose words are changed.");
  }

  loop() {
    const fill = this.#fill;
    const end = this.clip?.plan?.output_duration_s ?? 0;
    this.player.loop = $("loop").checked && fill
      ? [Math.max(fill.output[0] - AROUND_S, 0), Math.min(fill.output[1] + AROUND_S, end - 0.02)] : null;
  }

  #moved(source_s, output_s, piece) {
    if (!this.clip) return;
    this.timeline.move(output_s);
    showMoment(output_s, this.clip.info.frame_rate, this.player.playing, piece);
    this.words.saying(this.player.playing ? wordAt(this.words.words, source_s) : -1);
  }

  render() {
    const now = this.clip;
    if (!now || document.body.dataset.tab !== "edit") return;
    if (!now.isReady || !now.plan) {
      $("stage").classList.add("plain");
      return this.timeline.show(wholePlan(now.info.duration_s), false, [], []);
    }
    const edits = this.draft ?? now.edits;
    const layout = this.fills();
    const made = edits.map((_, index) => (this.draft ? null : now.madeOf(index)));
    const takes = made.map(chosenTake);
    const seams = this.draft ? [] : this.seams();
    const isGuess = now.estimated || made.some((one) => !one?.context);
    this.timeline.show(now.plan, isGuess, seams, made.map((one) => one?.shape ?? null), now.made.flatMap(({ wishes }) => wishes));
    if (this.near.side) this.near.show(this.draft ? null : this.near.side, this.#made, this.#fill);
    $("timeline").dataset.layout = isGuess ? "guessed" : "spoken";
    showEdits(now, edits, this.acts);
    const facts = { ...this.known, recording: this.page.recorder.on, speaking: this.page.speaking(), side: this.near.side };
    // While other words are typed, layout and sounds are of those: the card stays as it was.
    if (!this.draft) showCard(now, layout[now.chosen], facts, this.acts);
    $("clip-card").hidden = !now.warnings.length;
    showWarnings($("clip-warnings"), now.warnings, this.acts);
    this.player.show(now.plan, takes.map((take) => take?.preview ?? null), made.map((one) => one?.sound ?? null));
    $("stage").classList.toggle("plain", !edits.length);
    showSummary(now.plan, edits.length);
    $("undo").disabled = !now.history.past.length;
    $("redo").disabled = !now.history.future.length;
    $("open-export").disabled = !now.edits.length || Boolean(now.error);
    for (const id of ["seam-back", "seam-on"]) $(id).disabled = !seams.length;
    $("close-up").disabled = !made[now.chosen]?.context;
    this.loop();
  }
}
