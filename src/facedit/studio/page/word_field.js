// @ts-check
/** The field in which new words are typed, between the others. */

/**
 * @param {{text: string, label: string, select: boolean, corrects: boolean,
 *   place: (field: HTMLElement) => void, typed: (text: string) => void,
 *   done: (text: string | null) => void}} asked `done` is told null where it is left as it was
 */
export function openField({ text, label, select, corrects, place, typed, done }) {
  const field = document.createElement("input");
  field.className = corrects ? "draft corrects" : "draft";
  field.setAttribute("aria-label", label);
  field.value = text;
  field.spellcheck = false;
  field.autocomplete = "off";
  field.maxLength = 2000;
  const fit = () => field.style.setProperty("width", `${Math.max(field.value.length, 4) + 2}ch`);
  let open = true;
  const close = (/** @type {string | null} */ result) => {
    if (!open) return;
    open = false;
    field.remove();
    done(result);
  };
  field.addEventListener("input", () => {
    fit();
    typed(field.value);
  });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.isComposing) close(field.value);
    else if (event.key === "Escape") close(null);
    else return;
    event.preventDefault();
  });
  field.addEventListener("blur", () => close(field.value));
  fit();
  place(field);
  field.focus();
  if (select) field.select();
  else typed(field.value);
}
