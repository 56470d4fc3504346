// @ts-check
/**
 * The layout in time: the sound before and after with the words under it, what goes in red, what
 * comes in blue, seams, expressions, and where the player is. Drawn; the words themselves are the
 * list's. From near, a seam stands in the middle of both sounds.
 *
 * @typedef {{text: string, start_s: number, end_s: number}} Word
 * @typedef {import("./peaks.js").Peaks} Peaks
 * @typedef {import("./wave.js").Wave} Wave
 * @typedef {{source_s: number, output_s: number, waves: {source: Wave, output: Wave} | null}} CloseUp a joint of old and new sound
 */

import { outputTime, sourceTime } from "./time_map.js";

const ROW = 44;
const WORDS = 15;
const GAP = 5;
const STRIP = 15;
const NEAREST_S = 2;
const FIRST_S = 20;
const CLOSE_S = 1.2;
const TICK_S = 0.2;

/** New sound that is drawn sample by sample. */
const NO_SHAPE = { min: [], max: [] };

export class Timeline {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{output: (time: number) => void, frame: (step: number) => void, whole: () => void}} act
   */
  constructor(canvas, act) {
    this.canvas = canvas;
    this.act = act;
    /** @type {import("./time_map.js").Plan | null} */
    this.plan = null;
    /** @type {{output_s: number, smooth: boolean}[]} */
    this.seams = [];
    /** How the new sound of each edit looks, where it is spoken. @type {({min: number[], max: number[]} | null)[]} */
    this.shapes = [];
    /** @type {Word[]} */
    this.words = [];
    /** @type {Peaks | null} */
    this.peaks = null;
    /** @type {import("./expression.js").Wish[]} */
    this.wishes = [];
    /** Seconds in which an expression comes and goes. */
    this.ease_s = 0;
    /** @type {CloseUp | null} */
    this.close = null;
    this.estimated = false;
    this.at = 0;
    this.from = 0;
    this.span = FIRST_S;
    this.stale = true;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    canvas.addEventListener("pointerdown", (event) => this.#seek(event));
    canvas.addEventListener("pointermove", (event) => event.buttons === 1 && this.#seek(event));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * @param {import("./time_map.js").Plan} plan
   * @param {boolean} estimated whether lengths of new words are guessed yet
   * @param {{output_s: number, smooth: boolean}[]} seams
   * @param {({min: number[], max: number[]} | null)[]} shapes of new sound, one per edit
   * @param {import("./expression.js").Wish[]} [wishes] with their places in the output
   */
  show(plan, estimated, seams, shapes, wishes = []) {
    Object.assign(this, { plan, estimated, seams, shapes, wishes: wishes.filter(({ shows }) => shows) });
    this.canvas.classList.toggle("strip", this.wishes.length > 0);
    this.canvas.setAttribute("aria-valuemax", this.length.toFixed(2));
    this.draw();
  }

  get length() {
    return Math.max(this.plan?.source_duration_s ?? 0, this.plan?.output_duration_s ?? 0, 0.1);
  }

  /** Show a joint from near, or the whole again. @param {CloseUp | null} joint */
  look(joint) {
    if (!joint && this.close) this.from = this.at - Math.min(this.span, this.length) / 2;
    this.close = joint;
    this.canvas.dataset.close = String(Boolean(joint));
    this.draw();
  }

  /** @param {number} times 2: half as much is seen */
  zoom(times) {
    if (this.close) this.act.whole();
    const middle = this.at;
    this.span = Math.max(NEAREST_S, Math.min(this.#seen() / times, this.length));
    this.from = middle - this.span / 2;
    this.draw();
  }

  /** @param {number} output_s */
  move(output_s) {
    if (output_s === this.at) return;
    this.at = output_s;
    this.canvas.setAttribute("aria-valuenow", output_s.toFixed(2));
    this.canvas.setAttribute("aria-valuetext", `${output_s.toFixed(2)} seconds`);
    // The page turns when the player leaves it.
    const seen = this.#seen();
    if (!this.close && (output_s < this.from || output_s > this.from + seen * 0.98)) this.from = output_s - seen * 0.1;
    this.draw();
  }

  /** Draw once before the next picture, however often it is asked for. */
  draw() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => {
      this.waits = false;
      this.#paint();
    });
  }

  #seen() {
    return this.close ? CLOSE_S : Math.min(this.span, this.length);
  }

  /** By how much the source is moved, so that the seam is above itself. */
  get #shift() {
    return this.close ? this.close.source_s - this.close.output_s : 0;
  }

  #paint() {
    const { canvas, plan } = this;
    const [width, height] = [canvas.clientWidth, 2 * (ROW + WORDS) + GAP + (this.wishes.length ? STRIP : 0)];
    if (!width || !plan) return;
    const sharp = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * sharp)) canvas.width = Math.round(width * sharp);
    if (canvas.height !== Math.round(height * sharp)) canvas.height = Math.round(height * sharp);
    const paint = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    paint.setTransform(sharp, 0, 0, sharp, 0, 0);
    const seen = this.#seen();
    if (this.close) this.from = this.close.output_s - seen / 2;
    else this.from = Math.max(0, Math.min(this.from, this.length - seen));
    const shift = this.#shift;
    const x = (/** @type {number} */ time) => ((time - this.from) / seen) * width;
    const old = (/** @type {number} */ time) => x(time - shift);
    const style = getComputedStyle(canvas);
    /** Asked for once a picture: a word each asks for one. @type {Record<string, string>} */
    const inks = {};
    const colour = (/** @type {string} */ name) => (inks[name] ??= style.getPropertyValue(`--${name}`));
    paint.clearRect(0, 0, width, height);
    paint.font = `11px ${style.fontFamily}`;
    const below = ROW + WORDS + GAP;
    let edit = 0;
    for (const { keep, source, output, text } of /** @type {any[]} */ (plan.segments)) {
      this.#lane(paint, old, 0, source, shift, colour(keep ? "wave" : "gone"), colour(keep ? "dark" : "gone-ground"));
      if (keep) {
        this.#lane(paint, x, below, output, source[0] - output[0], colour("wave"), colour("dark"));
        continue;
      }
      const shape = this.close?.waves ? NO_SHAPE : this.shapes[edit++];
      if (shape) this.#lane(paint, x, below, output, -output[0], colour("new"), colour("new-ground"), shape);
      else this.#fill(paint, x, below, output, colour);
      this.#label(paint, x, below + ROW + 11, output, text ?? "", colour("new"));
      if (output[1] - output[0] < 1e-3) this.#wedge(paint, x(output[0]), below, colour("gone"));
    }
    this.#name(paint, "before", 0, colour);
    this.#name(paint, "after", below, colour);
    this.#said(paint, x, old, seen, below, colour);
    this.#strip(paint, x, below + ROW + WORDS, colour);
    if (this.close) this.#joints(paint, x, old, below, colour);
    for (const { output_s, smooth } of this.seams) {
      this.#triangle(paint, x(output_s), below + ROW, colour(smooth ? "good" : "look"));
    }
    paint.fillStyle = colour("ink");
    paint.fillRect(old(sourceTime(plan, this.at)) - 1, 0, 2, ROW);
    paint.fillRect(x(this.at) - 1, below, 2, ROW);
  }

  /** A stretch of the source's sound, or new sound of a shape. */
  #lane(paint, x, top, [start, end], shift, wave, ground, shape) {
    const [left, right] = [Math.max(x(start), 0), Math.min(x(end), this.canvas.clientWidth)];
    if (right <= left) return;
    paint.fillStyle = ground;
    paint.fillRect(left, top, right - left, ROW);
    paint.fillStyle = wave;
    const { peaks } = this;
    const waves = this.close?.waves;
    if (!peaks && !waves) return;
    const width = this.canvas.clientWidth;
    const per = this.#seen() / width;
    const loudest = waves ? Math.max(waves.source.loudest, waves.output.loudest) : 1;
    for (let pixel = Math.floor(left); pixel < right; pixel++) {
      const time = this.from + pixel * per;
      const [low, high] = !waves ? peaks.between(time + shift, time + shift + per, shape)
        : (top ? waves.output.between(time, time + per) : waves.source.between(time + shift, time + shift + per)).map((level) => level / loudest);
      const [up, down] = [Math.min(high, 1) * (ROW / 2 - 1), Math.max(low, -1) * (ROW / 2 - 1)];
      paint.fillRect(pixel, top + ROW / 2 - up, 1, Math.max(up - down, 1));
    }
  }

  /** New words whose sound is not known: striped while their length is guessed. */
  #fill(paint, x, top, [start, end], colour) {
    const [left, right] = [x(start), x(end)];
    paint.fillStyle = colour(this.estimated ? "new-ground" : "new");
    paint.fillRect(left, top, Math.max(right - left, 1), ROW);
    if (!this.estimated) return;
    paint.save();
    paint.beginPath();
    paint.rect(left, top, right - left, ROW);
    paint.clip();
    paint.strokeStyle = colour("new");
    paint.lineWidth = 3;
    for (let at = left - ROW; at < right; at += 9) {
      paint.beginPath();
      paint.moveTo(at, top + ROW);
      paint.lineTo(at + ROW, top);
      paint.stroke();
    }
    paint.restore();
  }

  #name(paint, text, top, colour) {
    paint.fillStyle = colour("soft");
    paint.fillText(text, 4, top + 11);
  }

  /** What the face shows when, coming and going. */
  #strip(paint, x, top, colour) {
    for (const { name, amount, shows } of this.wishes) {
      const [start, end] = /** @type {[number, number]} */ (shows);
      const [left, right, ease] = [x(start), x(end), x(this.ease_s) - x(0)];
      paint.fillStyle = colour("look-ground");
      paint.strokeStyle = colour("look-line");
      paint.beginPath();
      paint.moveTo(left - ease, top + STRIP - 1.5);
      for (const [at, y] of [[left, top + 1.5], [right, top + 1.5], [right + ease, top + STRIP - 1.5]]) paint.lineTo(at, y);
      paint.fill();
      paint.stroke();
      const seen = [Math.max(start, this.from), end];
      this.#label(paint, x, top + STRIP - 4, seen, `${name.replace("-", " ")} ${amount.toFixed(2)}`, colour("look"));
    }
  }

  /** Where old and new sound meet, and how far that is from the middle. */
  #joints(paint, x, old, below, colour) {
    paint.fillStyle = colour("soft");
    for (const { keep, source, output } of /** @type {any} */ (this.plan).segments) {
      if (keep) continue;
      for (const time of new Set(source)) paint.fillRect(old(time) - 0.5, 0, 1, ROW);
      for (const time of new Set(output)) paint.fillRect(x(time) - 0.5, below, 1, ROW);
    }
    const middle = /** @type {CloseUp} */ (this.close).output_s;
    paint.textAlign = "center";
    for (let step = -2; step <= 2; step++) {
      const at = x(middle + step * TICK_S);
      const says = step ? `${step < 0 ? "−" : "+"}${Math.abs(step * TICK_S).toFixed(1)} s` : "seam";
      paint.fillText(says, at, 11);
      for (const top of [ROW, below + ROW]) paint.fillRect(at - 0.5, top - 4, 1, 4);
    }
    paint.textAlign = "start";
  }

  #said(paint, x, old, seen, below, colour) {
    const plan = /** @type {any} */ (this.plan);
    const gone = plan.segments.filter((segment) => !segment.keep);
    const shift = this.#shift;
    const last = Math.max(sourceTime(plan, this.from + seen), this.from + seen + shift);
    for (let i = first(this.words, Math.min(sourceTime(plan, this.from), this.from + shift)); i < this.words.length; i++) {
      const { text, start_s, end_s } = this.words[i];
      if (start_s > last) break;
      const middle = (start_s + end_s) / 2;
      const struck = gone.some(({ source: [a, b] }) => middle >= a && middle < b);
      this.#label(paint, old, ROW + 11, [start_s, end_s], text, colour(struck ? "gone" : "soft"));
      if (struck) continue;
      const start = outputTime(plan, start_s);
      this.#label(paint, x, below + ROW + 11, [start, start + end_s - start_s], text, colour("soft"));
    }
  }

  /** A word under its time: over its neighbours' room only where they have none. */
  #label(paint, x, top, [start, end], text, ink) {
    const [left, right] = [x(start), x(end)];
    const room = right - left - 3;
    if (right < 0 || left > this.canvas.clientWidth || !text || room < 5) return;
    const wide = paint.measureText(text).width;
    paint.fillStyle = ink;
    if (wide <= room) paint.fillText(text, left, top);
    else if (room > 18) paint.fillText(`${text.slice(0, Math.max(Math.floor((text.length * room) / wide) - 1, 1))}…`, left, top);
    else paint.fillText(text[0], left, top);
  }

  #wedge(paint, at, top, ink) {
    paint.fillStyle = ink;
    paint.fillRect(at - 1.5, top, 3, ROW);
  }

  #triangle(paint, at, bottom, ink) {
    paint.fillStyle = ink;
    paint.beginPath();
    paint.moveTo(at - 5, bottom);
    paint.lineTo(at + 5, bottom);
    paint.lineTo(at, bottom - 9);
    paint.fill();
  }

  /** @param {PointerEvent} event */
  #seek(event) {
    const box = this.canvas.getBoundingClientRect();
    const time = this.from + ((event.clientX - box.left) / box.width) * this.#seen();
    const isBefore = event.clientY - box.top < ROW + WORDS;
    this.act.output(isBefore ? outputTime(this.plan, time + this.#shift) : time);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    if (this.close) return;
    if (event.ctrlKey) return this.zoom(event.deltaY < 0 ? 1.25 : 0.8);
    this.from += ((event.deltaX || event.deltaY) / 1000) * this.#seen();
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { key } = event;
    if (key === "ArrowLeft" || key === "ArrowRight") this.act.frame(key === "ArrowLeft" ? -1 : 1);
    else if (key === "Home" || key === "End") this.act.output(key === "Home" ? 0 : this.length);
    else if (key === "+" || key === "-") this.zoom(key === "+" ? 2 : 0.5);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** The first of words in order that ends after a time. @param {Word[]} words @param {number} time */
function first(words, time) {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle].end_s < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
