// @ts-check
/** A seam of the chosen edit from near: what was said and what is heard now, on one axis of time. */

import { waveOf } from "./wave.js";

/** Sound on either side of an edit that can be seen and heard. */
export const AROUND_S = 1;

/** @typedef {"in" | "out" | null} Side into the edit, out of it, or neither */

export class CloseUp {
  /** @param {import("./timeline.js").Timeline} timeline @param {(error: Error) => void} fail */
  constructor(timeline, fail) {
    this.timeline = timeline;
    this.fail = fail;
    /** @type {Side} */
    this.side = null;
    /** The sounds around the edit that was looked at last. @type {{key: string, source: import("./wave.js").Wave, output: import("./wave.js").Wave} | null} */
    this.waves = null;
    /** Key of the edit that is looked at, and of that whose sounds are fetched. */
    this.key = this.asked = "";
  }

  /** What to look at after this. @returns {Side} */
  get next() {
    return this.side === "in" ? "out" : this.side ? null : "in";
  }

  /** @param {Side} side @param {import("./made.js").Made | null} made of the edit @param {any} fill where it lies */
  show(side, made, fill) {
    this.side = fill && made?.context ? side : null;
    if (!this.side || !made) return this.timeline.look(null);
    this.key = made.key;
    const at = this.side === "in" ? 0 : 1;
    const waves = this.waves?.key === made.key ? this.waves : null;
    if (waves) waves.output.start_s = fill.output[0] - AROUND_S;
    else if (made.source && this.asked !== made.key) void this.#listen(made, fill).catch(this.fail);
    this.timeline.look({ source_s: fill.source[at], output_s: fill.output[at], waves });
  }

  /** Fetch the sounds around an edit. @param {any} made @param {any} fill */
  async #listen(made, fill) {
    const { key, source, context } = made;
    this.asked = key;
    const starts = [Math.max(fill.source[0] - AROUND_S, 0), fill.output[0] - AROUND_S];
    const [old, output] = await Promise.all([waveOf(source, starts[0]), waveOf(context, starts[1])])
      .finally(() => (this.asked = ""));
    this.waves = { key, source: old, output };
    const { close } = this.timeline;
    if (close && this.key === key) this.timeline.look({ ...close, waves: this.waves });
  }
}
