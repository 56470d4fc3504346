// @ts-check
/**
 * The edits of a script: `{words: [first, after the last], new: text}`, in order and apart; what
 * else one holds (its voice …) stays with it. Pure functions; the words and their times never change.
 *
 * @typedef {{words: [number, number], new: string, [option: string]: any}} Edit
 */

/**
 * Ask for `text` in the place of words `start` to `end`; edits that it touches become one with it.
 *
 * @param {Edit[]} edits
 * @param {number} start
 * @param {number} end
 * @param {string} text
 * @returns {Edit[]}
 */
export function put(edits, start, end, text) {
  const asked = text.trim().replace(/\s+/g, " ");
  let [from, to, before, after] = [start, end, "", ""];
  const apart = [];
  let kept = {};
  for (const edit of edits) {
    const [a, b] = edit.words;
    if (b < start || a > end) {
      apart.push(edit);
      continue;
    }
    const same = a === start && b === end;
    const overlaps = a < end && b > start;
    kept = { ...edit, ...kept };
    from = Math.min(from, a);
    to = Math.max(to, b);
    // New words beside the place stay; those over it give way.
    if (!same && !overlaps) {
      if (a < start || (a === start && b === start)) before = edit.new;
      else after = edit.new;
    }
  }
  const whole = [before, asked, after].filter(Boolean).join(" ");
  if (from < to || whole) apart.push({ ...kept, words: [from, to], new: whole });
  return apart.sort((a, b) => a.words[0] - b.words[0]);
}

/**
 * The edit over words `start` to `end`, or the insertion there.
 *
 * @param {Edit[]} edits
 * @param {number} start
 * @param {number} end
 * @returns {Edit | undefined}
 */
export function over(edits, start, end) {
  return edits.find(({ words: [a, b] }) =>
    a === b ? start === end && a === start : a < end && b > start);
}

/**
 * Strike words out, or bring back those that are.
 *
 * @param {Edit[]} edits
 * @param {number} start
 * @param {number} end
 * @returns {Edit[]}
 */
export function strike(edits, start, end) {
  const found = over(edits, start, end);
  if (found && found.words[0] <= start && found.words[1] >= end) {
    return edits.filter((edit) => edit !== found);
  }
  return put(edits, start, end, "");
}

/** States that can be gone back to. */
export class History {
  constructor() {
    /** @type {string[]} */
    this.past = [];
    /** @type {string[]} */
    this.future = [];
  }

  /** @param {Edit[]} edits as they were */
  remember(edits) {
    this.past.push(JSON.stringify(edits));
    this.future = [];
  }

  /** @param {Edit[]} now @returns {Edit[]} */
  undo(now) {
    return this.#move(this.past, this.future, now);
  }

  /** @param {Edit[]} now @returns {Edit[]} */
  redo(now) {
    return this.#move(this.future, this.past, now);
  }

  #move(from, to, now) {
    const state = from.pop();
    if (state === undefined) return now;
    to.push(JSON.stringify(now));
    return JSON.parse(state);
  }
}
