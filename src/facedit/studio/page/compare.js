// @ts-check
/** Before and after: side by side, one over the other with a line to move, or after alone. */

/** @typedef {"side" | "wipe" | "after"} View */

const VIEWS = /** @type {View[]} */ (["side", "wipe", "after"]);

export class Compare {
  /** @param {HTMLElement} stage @param {HTMLSelectElement} choice @param {HTMLInputElement} line */
  constructor(stage, choice, line) {
    this.stage = stage;
    this.choice = choice;
    this.line = line;
    choice.onchange = () => this.set(/** @type {View} */ (choice.value));
    line.oninput = () => this.#draw();
    stage.addEventListener("pointermove", (event) => this.#drag(event));
    stage.addEventListener("pointerdown", (event) => this.#drag(event));
    this.set("side");
  }

  /** @param {View} view */
  set(view) {
    this.stage.dataset.view = this.choice.value = view;
    this.line.hidden = view !== "wipe";
    this.#draw();
  }

  /** The next way of comparing. */
  turn() {
    this.set(VIEWS[(VIEWS.indexOf(/** @type {View} */ (this.choice.value)) + 1) % VIEWS.length]);
    return this.choice.selectedOptions[0].textContent ?? "";
  }

  /** Show the pictures before in the place of those after. @param {boolean} on */
  hold(on) {
    this.stage.classList.toggle("hold", on);
  }

  #draw() {
    this.stage.style.setProperty("--line", `${this.line.value}%`);
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (this.stage.dataset.view !== "wipe" || event.buttons !== 1) return;
    const box = this.stage.getBoundingClientRect();
    this.line.value = String(Math.round((100 * (event.clientX - box.left)) / box.width));
    this.#draw();
  }
}
