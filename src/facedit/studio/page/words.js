// @ts-check
/** The words on the page: chosen, typed over, struck out, by keys and by mouse. */

import { over, put, strike } from "./script.js";

const PAUSE_S = 0.6;
const UNSURE = 0.5;

export class Words {
  /**
   * @param {HTMLElement} root
   * @param {{edit: (edits: any[], says: string) => void, draft: (edits: any[]) => void,
   *   chosen: (word: any) => void}} told
   */
  constructor(root, told) {
    this.root = root;
    this.told = told;
    this.words = [];
    this.edits = [];
    this.anchor = 0;
    this.head = 0;
    this.typing = false;
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("mousedown", (event) => this.#press(event));
    root.addEventListener("mouseover", (event) => this.#drag(event));
    root.addEventListener("dblclick", () => this.type());
  }

  get start() {
    return Math.min(this.anchor, this.head);
  }

  get end() {
    return Math.max(this.anchor, this.head) + 1;
  }

  /** @param {any[]} words */
  load(words) {
    this.words = words;
    this.anchor = this.head = 0;
    this.root.replaceChildren();
    let paragraph;
    this.spans = words.map((word, index) => {
      if (!paragraph || word.start_s - words[index - 1].end_s > PAUSE_S) {
        paragraph = document.createElement("p");
        paragraph.setAttribute("role", "group");
        this.root.append(paragraph);
      }
      const span = document.createElement("span");
      span.id = `word-${index}`;
      span.className = word.score < UNSURE ? "word unsure" : "word";
      span.setAttribute("role", "option");
      span.dataset.index = String(index);
      span.textContent = word.text;
      const score = word.score < 1 ? `, ${Math.round(100 * word.score)} % sure` : "";
      span.title = `${word.start_s.toFixed(2)} to ${word.end_s.toFixed(2)} s${score}`;
      paragraph.append(span, " ");
      return span;
    });
    this.#mark();
  }

  /** @param {any[]} edits */
  show(edits) {
    this.edits = edits;
    for (const chip of this.root.querySelectorAll(".chip")) chip.remove();
    const struck = new Set();
    for (const edit of edits) {
      const [a, b] = edit.words;
      for (let i = a; i < b; i++) struck.add(i);
      if (!edit.new) continue;
      const chip = document.createElement("span");
      chip.className = "chip";
      chip.textContent = edit.new;
      chip.dataset.first = String(a);
      chip.dataset.last = String(b);
      this.#place(chip, b);
    }
    this.spans.forEach((span, index) => span.classList.toggle("struck", struck.has(index)));
  }

  /** Put something after the words before `index`. */
  #place(node, index) {
    const [before, at] = [this.spans[index - 1], this.spans[index]];
    if (before) before.after(" ", node);
    else if (at) at.before(node, " ");
  }

  /** @param {number} anchor @param {number} head */
  choose(anchor, head = anchor) {
    const last = this.words.length - 1;
    this.anchor = Math.max(0, Math.min(anchor, last));
    this.head = Math.max(0, Math.min(head, last));
    this.#mark();
    if (this.words.length) this.told.chosen(this.words[this.head]);
  }

  /** @param {number} index the word that is being said, or -1 */
  saying(index) {
    if (index === this.said) return;
    this.spans?.[this.said]?.classList.remove("said");
    this.spans?.[index]?.classList.add("said");
    this.said = index;
  }

  #mark() {
    for (const span of this.root.querySelectorAll("[aria-selected]")) {
      span.removeAttribute("aria-selected");
    }
    for (let i = this.start; i < this.end; i++) this.spans[i]?.setAttribute("aria-selected", "true");
    const head = this.spans[this.head];
    if (!head) return;
    this.root.setAttribute("aria-activedescendant", head.id);
    head.scrollIntoView({ block: "nearest" });
  }

  /** Move to the beginning of the sentence, or of the next one. */
  #sentence(step) {
    const ends = (i) => /[.!?]["')\]]?$/.test(this.words[i]?.text ?? "");
    let at = this.head + step;
    while (at > 0 && at < this.words.length - 1 && !ends(at - 1)) at += step;
    return at;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.typing || event.altKey || !this.words.length) return;
    const { key } = event;
    const command = event.ctrlKey || event.metaKey;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const step = key === "ArrowLeft" ? -1 : 1;
      const to = command ? this.#sentence(step) : this.head + step;
      this.choose(event.shiftKey ? this.anchor : to, to);
    } else if (key === "ArrowUp" || key === "ArrowDown") {
      const to = this.#line(key === "ArrowUp" ? -1 : 1);
      this.choose(event.shiftKey ? this.anchor : to, to);
    } else if (key === "Home") this.choose(event.shiftKey ? this.anchor : 0, 0);
    else if (key === "End") {
      this.choose(event.shiftKey ? this.anchor : this.words.length - 1, this.words.length - 1);
    } else if (command && key === "a") this.choose(0, this.words.length - 1);
    else if (command) return;
    else if (key === "Delete" || key === "Backspace") this.strike();
    else if (key === "Insert" || (key === "Enter" && event.shiftKey)) this.insert();
    else if (key === "Enter") this.type();
    else if (/^[\p{L}\p{M}'’"]$/u.test(key)) this.type(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The word above or below the chosen one. */
  #line(step) {
    const from = this.spans[this.head].getBoundingClientRect();
    let best = this.head;
    let near = Infinity;
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

  #at(target) {
    const word = target.closest(".word");
    return word ? Number(word.dataset.index) : -1;
  }

  strike() {
    const text = this.#chosenText();
    const before = this.edits.length;
    const edits = strike(this.edits, this.start, this.end);
    this.told.edit(edits, edits.length < before ? `Brought back: ${text}.` : `Struck out: ${text}.`);
  }

  #chosenText() {
    return this.words.slice(this.start, this.end).map((word) => word.text).join(" ");
  }

  /** @param {string} [first] the key that began it */
  type(first) {
    const found = over(this.edits, this.start, this.end);
    const inside = found && found.words[0] <= this.start && found.words[1] >= this.end;
    const [a, b] = inside ? found.words : [this.start, this.end];
    this.#draft(a, b, first ?? (inside ? found.new : this.#chosenText()), first === undefined);
  }

  /** @param {number} [at] in front of which word */
  insert(at = this.end) {
    this.#draft(at, at, over(this.edits, at, at)?.new ?? "", true);
  }

  /** Type new words in the place of others; the layout follows every key. */
  #draft(start, end, text, select) {
    if (this.typing) return;
    this.typing = true;
    const before = this.edits;
    const field = document.createElement("input");
    field.className = "draft";
    field.setAttribute("aria-label", start === end ? "New words to insert" : "New words");
    field.value = text;
    field.spellcheck = false;
    for (const chip of this.root.querySelectorAll(".chip")) {
      const { first, last } = /** @type {HTMLElement} */ (chip).dataset;
      if (Number(first) === start && Number(last) === end) chip.remove();
    }
    for (let i = start; i < end; i++) this.spans[i].classList.add("struck");
    this.#place(field, end);
    const fit = () => field.style.setProperty("width", `${Math.max(field.value.length, 4) + 2}ch`);
    const state = () =>
      field.value.trim() ? put(before, start, end, field.value) : before;
    const close = (edits) => {
      if (!this.typing) return;
      this.typing = false;
      field.remove();
      this.root.focus();
      if (edits === before) {
        this.show(before);
        this.told.draft(before);
      } else this.told.edit(edits, `New words: ${field.value.trim()}.`);
    };
    field.addEventListener("input", () => {
      fit();
      this.told.draft(state());
    });
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && !event.isComposing) close(state());
      else if (event.key === "Escape") close(before);
      else return;
      event.preventDefault();
    });
    field.addEventListener("blur", () => close(state()));
    fit();
    field.focus();
    if (select) field.select();
    else this.told.draft(state());
  }
}
