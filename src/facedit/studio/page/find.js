// @ts-check
/** Finds words in what is said, as one types. */

const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{M}\p{N}'’ ]/gu, "");

/**
 * Places where words in a row begin with what is asked for.
 *
 * @param {{text: string}[]} words
 * @param {string} asked
 * @returns {[number, number][]} the first word and the one after the last
 */
export function places(words, asked) {
  const wanted = plain(asked).split(/\s+/).filter(Boolean);
  if (!wanted.length) return [];
  const said = words.map((word) => plain(word.text));
  const fits = (at) => wanted.every((text, k) =>
    k < wanted.length - 1 ? said[at + k] === text : said[at + k]?.startsWith(text));
  return said.flatMap((_, at) => fits(at) ? [/** @type {[number, number]} */ ([at, at + wanted.length])] : []);
}

/**
 * @param {HTMLInputElement} field
 * @param {HTMLElement} count
 * @param {{words: () => {text: string}[], show: (place: [number, number]) => void,
 *   mark: (places: [number, number][]) => void, leave: () => void}} act
 */
export function bindFind(field, count, act) {
  let at = 0;
  const look = (step) => {
    const found = places(act.words(), field.value);
    act.mark(found);
    at = found.length ? (at + step + found.length) % found.length : 0;
    count.textContent = field.value.trim() ? (found.length ? `${at + 1} of ${found.length}` : "not said") : "";
    if (found.length) act.show(found[at]);
  };
  field.addEventListener("input", () => {
    at = 0;
    look(0);
  });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "ArrowDown") look(event.shiftKey ? -1 : 1);
    else if (event.key === "ArrowUp") look(-1);
    else if (event.key === "Escape") {
      field.value = "";
      look(0);
      act.leave();
    } else return;
    event.preventDefault();
  });
}
