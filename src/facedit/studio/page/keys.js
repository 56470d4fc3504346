// @ts-check
/** Keys of the whole page. In the words and in fields letters are typed; there Alt makes them commands. */

/** @param {Record<string, any>} act */
export function bindKeys(act) {
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!act.isOpen() || document.querySelector("dialog[open]")) return;
    const writes = target.matches("input:not([type=checkbox]), select");
    const command = event.ctrlKey || event.metaKey;
    const done = command ? control(event, act) : plain(event, act, target, writes);
    if (done) event.preventDefault();
  });
  document.addEventListener("keyup", (event) => {
    if (event.code === "KeyB" || event.key === "Alt") act.hold(false);
  });
  window.addEventListener("blur", () => act.hold(false));
}

function control(event, act) {
  switch (event.key.toLowerCase()) {
    case "z":
      (event.shiftKey ? act.redo : act.undo)();
      return true;
    case "y":
      act.redo();
      return true;
    case "s":
      act.save();
      return true;
    case "e":
      act.export();
      return true;
  }
  return false;
}

function plain(event, act, target, writes) {
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
  switch (event.code) {
    case "KeyP":
      act.hear(event.shiftKey);
      return true;
    case "KeyM":
      act.more();
      return true;
    case "KeyL":
      act.loop();
      return true;
    case "KeyK":
      act.play();
      return true;
    case "KeyB":
      act.hold(true);
      return true;
    case "KeyI":
      act.insert();
      return true;
  }
  return false;
}
