// @ts-check
/** The words on the page: chosen, typed over, struck out, by keys and by mouse; never moved. */

import { over, put, strike } from "./script.js";
import { openField } from "./word_field.js";

/** @typedef {{text: string, start_s: number, end_s: number, score: number}} Word */
/** @typedef {import("./script.js").Edit} Edit */

const PAUSE_S = 0.6;
const UNSURE = 0.5;
/** A paragraph ends with the next sentence after so many words: long ones are slow to lay out. */
const LONG = 60;

const ends = (/** @type {Word | undefined} */ word) => /[.!?]["')\]]?$/.test(word?.text ?? "");

export class Words {
  /**
   * @param {HTMLElement} root
   * @param {{edit: (edits: Edit[], says: string) => void, draft: (edits: Edit[]) => void,
   *   correct: (start: number, end: number, text: string) => void,
   *   chosen: (index: number) => void}} told
   */
  constructor(root, told) {
    this.root = root;
    this.told = told;
    /** @type {Word[]} */
    this.words = [];
    /** How many of them stay as they are: the last ones may still be recognised otherwise. */
    this.known = 0;
    /** @type {HTMLElement[]} */
    this.spans = [];
    /** @type {Edit[]} */
    this.edits = [];
    this.anchor = this.head = 0;
    this.typing = false;
    /** What is typed corrects what was heard, and edits nothing. */
    this.corrects = false;
    this.said = -1;
    this.#clear();
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("mousedown", (event) => this.#press(event));
    root.addEventListener("mouseover", (event) => this.#drag(event));
    root.addEventListener("dblclick", () => this.known && this.type());
  }

  get start() {
    return Math.min(this.anchor, this.head);
  }

  get end() {
    return Math.max(this.anchor, this.head) + 1;
  }

  #clear() {
    /** @type {HTMLElement[]} */
    this.chips = [];
    /** @type {HTMLElement[]} */
    this.marked = [];
    /** @type {HTMLElement[]} */
    this.found = [];
    /** @type {Set<number>} */
    this.struck = new Set();
    /** @type {HTMLElement | null} */
    this.paragraph = null;
  }

  /** @param {Word[]} words */
  load(words) {
    this.root.replaceChildren();
    this.words = [];
    this.spans = [];
    this.#clear();
    this.extend(words);
    [this.anchor, this.head] = [this.anchor, this.head].map((at) => Math.min(at, Math.max(words.length - 1, 0)));
    this.#mark();
  }

  /** Take back words that are recognised otherwise. @param {number} from */
  cut(from) {
    for (const span of this.spans.splice(from)) {
      const paragraph = span.parentElement;
      span.remove();
      if (!paragraph?.childElementCount) paragraph?.remove();
    }
    this.words.length = this.spans.length;
    this.known = Math.min(this.known, this.words.length);
    this.paragraph = this.spans.at(-1)?.parentElement ?? null;
  }

  /** Put further words behind those that are there. @param {Word[]} words @param {boolean} [final] */
  extend(words, final = true) {
    const made = document.createDocumentFragment();
    for (const word of words) {
      const index = this.words.length;
      const before = this.words[index - 1];
      const isLong = (this.paragraph?.childElementCount ?? 0) >= LONG && ends(before);
      if (!this.paragraph || isLong || word.start_s - before.end_s > PAUSE_S) {
        this.paragraph = document.createElement("p");
        this.paragraph.setAttribute("role", "group");
        made.append(this.paragraph);
      }
      const span = document.createElement("span");
      span.id = `word-${index}`;
      span.className = !final ? "word coming" : word.score < UNSURE ? "word unsure" : "word";
      span.setAttribute("role", "option");
      span.dataset.index = String(index);
      span.textContent = word.text;
      span.title = facts(word);
      this.paragraph.append(span, " ");
      this.spans.push(span);
      this.words.push(word);
    }
    this.root.append(made);
    if (final) this.known = this.words.length;
  }

  /** @param {Edit[]} edits */
  show(edits) {
    this.edits = edits;
    for (const chip of this.chips) chip.remove();
    const struck = new Set();
    this.chips = edits.flatMap((edit) => {
      const [a, b] = edit.words;
      for (let i = a; i < b; i++) struck.add(i);
      if (!edit.new) return [];
      const chip = document.createElement("span");
      chip.className = "chip";
      chip.textContent = edit.new;
      chip.dataset.first = String(a);
      chip.dataset.last = String(b);
      this.#place(chip, b);
      return [chip];
    });
    for (const index of new Set([...struck, ...this.struck])) {
      const span = this.spans[index];
      if (!span) continue;
      span.classList.toggle("struck", struck.has(index));
      if (!struck.has(index)) span.removeAttribute("aria-label");
    }
    for (const { words: [a, b], new: text } of edits) {
      for (let i = a; i < b; i++) {
        const says = text && i === b - 1 ? `struck out, instead: ${text}` : "struck out";
        this.spans[i]?.setAttribute("aria-label", `${this.words[i]?.text}, ${says}`);
      }
    }
    this.struck = struck;
  }

  /** Put something after the words before `index`. @param {HTMLElement} node @param {number} index */
  #place(node, index) {
    const [before, at] = [this.spans[index - 1], this.spans[index]];
    if (before) before.after(" ", node);
    else if (at) at.before(node, " ");
  }

  /** @param {number} anchor @param {number} head */
  choose(anchor, head = anchor) {
    const last = Math.max(this.known - 1, 0);
    this.anchor = Math.max(0, Math.min(anchor, last));
    this.head = Math.max(0, Math.min(head, last));
    this.#mark();
    if (this.known) this.told.chosen(this.head);
  }

  /** Times and score of the chosen words, in words. */
  facts() {
    const [first, last] = [this.words[this.start], this.words[this.end - 1]];
    if (!first) return "";
    const score = Math.min(...this.words.slice(this.start, this.end).map((word) => word.score));
    return `${this.#chosenText(40)}: ${facts({ ...first, end_s: last.end_s, score })}`;
  }

  /** @param {[number, number][]} places of words that were looked for */
  find(places) {
    for (const span of this.found) span.classList.remove("found");
    this.found = places.flatMap(([a, b]) => this.spans.slice(a, b));
    for (const span of this.found) span.classList.add("found");
  }

  /** @param {number} index the word that is being said, or -1 */
  saying(index) {
    if (index === this.said) return;
    this.spans[this.said]?.classList.remove("said");
    this.spans[index]?.classList.add("said");
    this.said = index;
  }

  #mark() {
    for (const span of this.marked) span.removeAttribute("aria-selected");
    this.marked = this.known ? this.spans.slice(this.start, this.end) : [];
    for (const span of this.marked) span.setAttribute("aria-selected", "true");
    const head = this.known && this.spans[this.head];
    if (!head) return;
    this.root.setAttribute("aria-activedescendant", head.id);
    head.scrollIntoView({ block: "nearest" });
  }

  /** Move to the beginning of the sentence, or of the next one. @param {number} step */
  #sentence(step) {
    let at = this.head + step;
    while (at > 0 && at < this.known - 1 && !ends(this.words[at - 1])) at += step;
    return at;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.typing || event.altKey || !this.known) return;
    const { key } = event;
    const command = event.ctrlKey || event.metaKey;
    const to = this.#target(key, command);
    if (to !== null) this.choose(event.shiftKey ? this.anchor : to, to);
    else if (command && key === "a") this.choose(0, this.known - 1);
    else if (command) return;
    else if (key === "Delete" || key === "Backspace") this.strike();
    else if (key === "Insert" || (key === "Enter" && event.shiftKey)) this.insert();
    else if (key === "Enter") this.type();
    else if (/^[\p{L}\p{M}'’"]$/u.test(key)) this.type(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Where a key leads. @param {string} key @param {boolean} command @returns {number | null} */
  #target(key, command) {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[key];
    if (key === "Home") return 0;
    if (key === "End") return this.known - 1;
    if (!step) return null;
    if (key === "ArrowUp" || key === "ArrowDown") return this.#line(step);
    return command ? this.#sentence(step) : this.head + step;
  }

  /** The word above or below the chosen one. @param {number} step */
  #line(step) {
    const from = this.spans[this.head].getBoundingClientRect();
    let [best, near] = [this.head, Infinity];
    let line = null;
    for (let i = this.head + step; this.spans[i]; i += step) {
      const box = this.spans[i].getBoundingClientRect();
      if (Math.abs(box.top - from.top) < 4) continue;
      line ??= box.top;
      if (Math.abs(box.top - line) > 4) break;
      const far = Math.abs(box.left - from.left);
      if (far < near) [best, near] = [i, far];
    }
    return best;
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input")) return;
    const chip = /** @type {HTMLElement | null} */ (target.closest(".chip"));
    if (chip) {
      event.preventDefault();
      this.root.focus();
      const [first, last] = [Number(chip.dataset.first), Number(chip.dataset.last)];
      if (first === last) this.insert(first);
      else {
        this.choose(first, last - 1);
        this.type();
      }
      return;
    }
    const index = this.#at(target);
    if (index < 0) return;
    this.choose(event.shiftKey ? this.anchor : index, index);
  }

  /** @param {MouseEvent} event */
  #drag(event) {
    if (event.buttons !== 1 || this.typing) return;
    const index = this.#at(/** @type {HTMLElement} */ (event.target));
    if (index >= 0) this.choose(this.anchor, index);
  }

  /** @param {HTMLElement} target */
  #at(target) {
    const word = /** @type {HTMLElement | null} */ (target.closest(".word"));
    return word ? Number(word.dataset.index) : -1;
  }

  strike() {
    const text = this.#chosenText(80);
    if (this.corrects) {
      this.told.correct(this.start, this.end, "");
      return;
    }
    const before = this.edits.length;
    const edits = strike(this.edits, this.start, this.end);
    this.told.edit(edits, edits.length < before ? `Brought back: ${text}.` : `Struck out: ${text}.`);
  }

  /** @param {number} most letters */
  #chosenText(most = Infinity) {
    const text = this.words.slice(this.start, this.end).map((word) => word.text).join(" ");
    return text.length > most ? `${text.slice(0, most)} …` : text;
  }

  /** @param {string} [first] the key that began it */
  type(first) {
    const found = this.corrects ? undefined : over(this.edits, this.start, this.end);
    const inside = found && found.words[0] <= this.start && found.words[1] >= this.end;
    const [a, b] = inside ? found.words : [this.start, this.end];
    this.#draft(a, b, first ?? (inside ? found.new : this.#chosenText()), first === undefined);
  }

  /** @param {number} [at] in front of which word */
  insert(at = this.end) {
    if (this.corrects) this.#draft(this.start, this.end, `${this.#chosenText()} `, false);
    else this.#draft(at, at, over(this.edits, at, at)?.new ?? "", true);
  }

  /** Type words in the place of others; the layout follows every key. */
  #draft(start, end, text, select) {
    if (this.typing || !this.known) return;
    this.typing = true;
    const [before, corrects] = [this.edits, this.corrects];
    for (const chip of corrects ? [] : this.chips) {
      if (Number(chip.dataset.first) === start && Number(chip.dataset.last) === end) chip.remove();
    }
    const over = this.spans.slice(start, end);
    for (const span of over) span.classList.add(corrects ? "replaced" : "struck");
    const state = (typed) => (typed.trim() ? put(before, start, end, typed) : before);
    const done = (typed) => {
      this.typing = false;
      for (const span of over) span.classList.remove("struck", "replaced");
      this.root.focus();
      if (!corrects && typed?.trim()) return this.told.edit(state(typed), `New words: ${typed.trim()}.`);
      this.show(before);
      if (!corrects) return this.told.draft(before);
      const heard = this.words.slice(start, end).map((word) => word.text).join(" ");
      if (typed?.trim() && typed.trim() !== heard) this.told.correct(start, end, typed.trim());
    };
    const label = corrects ? "What was really said" : start === end ? "New words to insert" : "New words";
    openField({
      text, label, select, corrects, done,
      place: (field) => this.#place(field, end),
      typed: (typed) => corrects || this.told.draft(state(typed)),
    });
  }
}

/** @param {Word} word */
function facts({ start_s, end_s, score }) {
  const sure = score < 1 ? `, ${Math.round(100 * score)} % sure` : "";
  return `${start_s.toFixed(2)} to ${end_s.toFixed(2)} s${sure}`;
}
