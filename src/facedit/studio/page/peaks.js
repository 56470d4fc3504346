// @ts-check
/** The sound's shape, asked for minute by minute where it is seen. */

import { call } from "./api.js";

const BLOCK_S = 60;

export class Peaks {
  /** @param {string} clip id @param {() => void} came */
  constructor(clip, came) {
    this.clip = clip;
    this.came = came;
    this.rate = 50;
    this.loudest = 1;
    /** @type {Map<number, {min: number[], max: number[]} | null>} */
    this.blocks = new Map();
  }

  /**
   * The lowest and highest of a stretch of the source, or of new sound by its shape; the loudest of
   * what is known of the source is 1.
   *
   * @param {number} from
   * @param {number} to in seconds
   * @param {{min: number[], max: number[]}} [shape]
   */
  between(from, to, shape) {
    let [low, high] = [0, 0];
    const last = Math.max(Math.floor(from * this.rate) + 1, Math.floor(to * this.rate));
    for (let i = Math.max(0, Math.floor(from * this.rate)); i < last; i++) {
      const part = shape ?? this.#block(Math.floor(i / (BLOCK_S * this.rate)));
      const at = shape ? i : i % (BLOCK_S * this.rate);
      low = Math.min(low, (part?.min[at] ?? 0) / this.loudest);
      high = Math.max(high, (part?.max[at] ?? 0) / this.loudest);
    }
    return [low, high];
  }

  /** @param {number} index */
  #block(index) {
    if (!this.blocks.has(index)) {
      this.blocks.set(index, null);
      call("GET", `/clips/${this.clip}/peaks?block=${index}`).then(({ min, max }) => {
        this.blocks.set(index, { min, max });
        this.loudest = Math.max(this.loudest, ...max, ...min.map((level) => -level));
        this.came();
      }).catch(() => undefined);  // past the end, or no sound: nothing is drawn
    }
    return this.blocks.get(index);
  }
}
