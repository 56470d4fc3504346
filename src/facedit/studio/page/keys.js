// @ts-check
/** Keys of the whole page. In the words and in fields letters are typed; there Alt makes them commands. */

/** Letters, without Alt outside the words. @type {[string, string, string][]} code, name of the act, what it does */
const LETTERS = [
  ["KeyJ", "back", "backwards, each time faster"],
  ["KeyK", "play", "play, pause"],
  ["KeyL", "on", "forwards, each time faster"],
  ["KeyR", "loop", "loop the chosen edit"],
  ["KeyN", "next", "next edit; with Shift the one before"],
  ["KeyP", "hear", "hear the new words alone; with Shift in context"],
  ["KeyM", "more", "make takes of the chosen edit, more takes"],
  ["KeyZ", "close", "source and new sound from near: into the edit, out of it, all again"],
  ["KeyB", "hold", "held: the pictures before in the place of those after"],
  ["KeyW", "view", "side by side, wipe, after alone"],
  ["KeyC", "mode", "correct what was heard, and back to editing"],
  ["KeyI", "insert", "insert words"],
];

/** @type {[string, string][]} */
const OTHERS = [
  ["← →", "word; with Shift more, with Ctrl by sentence"],
  ["letters, Enter", "type over the chosen words"],
  ["Ins, Shift Enter", "insert after the chosen word"],
  ["Del", "strike out; once more to bring back"],
  ["Ctrl Z, Ctrl Shift Z", "undo, redo"],
  ["Space", "play, pause"],
  [", .", "frame back, frame on"],
  ["[ ]", "to 0.25 s before the previous, the next seam"],
  ["1 to 9", "choose a take of the edit"],
];

/** @type {[string, string][]} */
const COMMANDS = [
  ["Ctrl F", "find words"],
  ["Ctrl E", "export"],
  ["Ctrl S", "save the edit script as a file"],
  ["Esc", "leave new words as they were, close"],
];

/** Put the list of keys into a page. @param {HTMLElement} table */
export function showKeys(table) {
  const letters = LETTERS.map(([code, , says]) => /** @type {[string, string]} */ ([`${code.slice(3)} *`, says]));
  table.replaceChildren(...[...OTHERS, ...letters, ...COMMANDS].flatMap(([key, says]) => {
    const [name, text] = [document.createElement("kbd"), document.createElement("span")];
    name.textContent = key;
    text.textContent = says;
    return [name, text];
  }));
}

/** @param {Record<string, any>} act */
export function bindKeys(act) {
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!act.isOpen() || document.querySelector("dialog[open]")) return;
    const done = event.ctrlKey || event.metaKey ? control(event, act) : plain(event, act, target);
    if (done) event.preventDefault();
  });
  document.addEventListener("keyup", (event) => {
    if (event.code === "KeyB" || event.key === "Alt") act.hold(false);
  });
  window.addEventListener("blur", () => act.hold(false));
}

function control(event, act) {
  const name = { z: event.shiftKey ? "redo" : "undo", y: "redo", s: "save", e: "export", f: "find" }[event.key.toLowerCase()];
  if (name) act[name]();
  return Boolean(name);
}

function plain(event, act, target) {
  const writes = target.matches("input:not([type=checkbox], [type=range]), select, textarea");
  if (writes && !event.altKey) return false;
  const { key } = event;
  const pressable = target.matches("button, a, summary, input, label");
  if (key === " " && !pressable) act.play();
  else if (key === "," || key === ".") act.frame(key === "," ? -1 : 1);
  else if (key === "[" || key === "]") act.seam(key === "[" ? -1 : 1);
  else if (key === "?") act.help();
  else if (/^[1-9]$/.test(key)) act.take(Number(key) - 1);
  else return letter(event, act, target);
  return true;
}

function letter(event, act, target) {
  if (!event.altKey && target.closest("#words")) return false;
  const found = LETTERS.find(([code]) => code === event.code);
  if (!found) return false;
  if (found[1] === "hold") act.hold(true);
  else act[found[1]](event.shiftKey);
  return true;
}
