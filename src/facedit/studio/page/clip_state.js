// @ts-check
/** One clip as the page knows it: its words, edits and what was made of them; saves every change. */

import { call } from "./api.js";
import { madeOf } from "./made.js";
import { History } from "./script.js";

/** @typedef {import("./script.js").Edit} Edit */

/** Tells this page from others that show the same clip. */
export const PAGE = crypto.randomUUID();

export class ClipState {
  /**
   * @param {any} state as the server tells it
   * @param {{changed: () => void, replaced: (state: any) => void, saved: (says: string) => void,
   *   failed: (error: Error) => void}} told
   */
  constructor(state, told) {
    this.told = told;
    this.history = new History();
    this.saving = Promise.resolve();
    this.wanted = 0;
    this.chosen = 0;
    this.error = "";
    this.take(state);
  }

  /** Take over what the server knows. @param {any} state */
  take(state) {
    this.id = state.id;
    this.name = state.name;
    this.info = state.info;
    this.isReady = Boolean(state.script);
    this.words = state.script?.transcript.words ?? [];
    this.options = state.script?.options ?? {};
    /** @type {Edit[]} */
    this.edits = (state.script?.edits ?? []).map(bare);
    this.face = state.face ?? null;
    this.consent = state.consent ?? null;
    /** Expressions by how they are written. @type {Map<string, import("./expression.js").Wish>} */
    this.rows ??= new Map();
    /** What was made of each edit. @type {import("./made.js").Made[]} */
    this.made = [];
    this.warnings = [];
    this.exports = [];
    this.estimated = true;
    this.revision = state.revision;
    this.learn(state);
  }

  /** Take over what was made of the edits; not their revision: the answer may be older than a save. @param {any} answer */
  learn(answer) {
    for (const name of ["plan", "estimated", "warnings", "exports", "face", "consent"]) {
      if (answer[name] !== undefined && answer[name] !== null) this[name] = answer[name];
    }
    if (!answer.edits) return;
    this.made = answer.edits.map((edit) => madeOf(this.address, { ...edit, source_s: this.words[edit.words[0]]?.start_s }));
    for (const { wishes } of this.made) this.written(wishes);
  }

  /** Remember how expressions are written. @param {import("./expression.js").Wish[]} wishes @returns {string[] | null} as a script has them */
  written(wishes) {
    for (const wish of wishes) this.rows.set(wish.text, wish);
    return wishes.length ? wishes.map(({ text }) => text) : null;
  }

  /** What an edit shows beside speaking. @param {Edit | undefined} edit @returns {import("./expression.js").Wish[]} */
  wishesOf(edit) {
    return (edit?.expression ?? []).flatMap((/** @type {string} */ text) => this.rows.get(text) ?? []);
  }

  get address() {
    return `/api/clips/${this.id}`;
  }

  /** @param {string} path @param {object} [body] */
  ask(path, body = {}) {
    return call("POST", `/clips/${this.id}/${path}`, body);
  }

  /** What was made of an edit, or nothing yet. @param {number} index */
  madeOf(index) {
    const [edit, made] = [this.edits[index], this.made[index]];
    const same = made && edit && made.new === edit.new && String(made.words) === String(edit.words);
    return same ? made : null;
  }

  /** @param {Edit[]} edits */
  change(edits) {
    this.history.remember(this.edits);
    this.edits = edits;
  }

  /** @param {"undo" | "redo"} step @returns {boolean} whether there was anything */
  step(step) {
    const before = JSON.stringify(this.edits);
    this.edits = this.history[step](this.edits);
    return JSON.stringify(this.edits) !== before;
  }

  /** Set options of one edit. @param {number} index @param {object} options */
  set(index, options) {
    this.change(this.edits.map((edit, at) => (at === index ? { ...edit, ...options } : edit)));
  }

  /**
   * Save edits, in order; of those that wait only the newest is sent.
   *
   * @param {Edit[]} [edits] a draft: not yet meant
   */
  save(edits) {
    const turn = (this.wanted += 1);
    this.told.saved("Saving …");
    this.saving = this.saving.catch(() => undefined).then(async () => {
      if (turn !== this.wanted && edits) return;
      try {
        const body = { edits: edits ?? this.edits, options: this.options, face: this.face, page: PAGE };
        const answer = await call("PUT", `/clips/${this.id}/edits`, body, { "if-match": this.revision });
        this.revision = answer.revision;
        this.learn(answer);
        this.error = "";
        if (turn === this.wanted) this.told.saved("Saved.");
      } catch (error) {
        this.told.saved("");
        if (error.status === 409) return this.#takeOver();
        this.error = error.message;
        this.told.failed(error);
      }
      this.told.changed();
    });
    return this.saving;
  }

  /** Change what counts as said. @param {{index: number, text?: string, start_s?: number, end_s?: number}[]} wishes */
  async correct(wishes) {
    await this.saving;
    await call("PATCH", `/clips/${this.id}/transcript`, { words: wishes }, { "if-match": this.revision });
  }

  /** Show what another page saved; what was made here is one undo away. */
  async #takeOver() {
    const state = await call("GET", `/clips/${this.id}`);
    this.adopt(state);
    this.told.replaced(state);
  }

  /** Go on from what another page made of the edits. @param {any} state */
  adopt(state) {
    this.history.remember(this.edits);
    this.take(state);
  }
}

/** An edit as the page changes it. @param {any} edit @returns {Edit} */
function bare({ old: _, ...edit }) {
  return edit;
}
