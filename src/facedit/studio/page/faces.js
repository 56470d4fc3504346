// @ts-check
/** Boxes around the faces of a picture, to choose whose words are changed. */

import { $, make } from "./elements.js";

/**
 * Show the boxes over the picture before until one is clicked, or Escape is pressed.
 *
 * @param {{number: number, box: [number, number, number, number]}[]} faces in pixels of the source
 * @param {{width: number, height: number}} info of the source
 * @param {string | null} chosen
 * @param {(face: string) => void} choose
 */
export function chooseFace(faces, info, chosen, choose) {
  const [place, video] = [$("faces"), $("before")];
  const hide = () => {
    place.hidden = true;
    $("stage").classList.remove("choosing");
  };
  $("stage").classList.add("choosing");
  place.hidden = false;
  // The picture keeps its shape: bands beside it, or above and below, hold no face.
  const scale = Math.min(video.clientWidth / info.width, video.clientHeight / info.height);
  const left = (video.clientWidth - info.width * scale) / 2;
  const top = (video.clientHeight - info.height * scale) / 2;
  place.replaceChildren(...faces.map(({ number, box: [x0, y0, x1, y1] }) => {
    const box = make("button", {
      type: "button", ariaLabel: `Face ${number} from the left`, ariaPressed: String(String(number) === chosen),
      onclick: () => {
        hide();
        choose(String(number));
      },
    }, make("span", {}, `${number}`));
    for (const [side, value] of [["left", left + x0 * scale], ["top", top + y0 * scale],
      ["width", (x1 - x0) * scale], ["height", (y1 - y0) * scale]]) {
      box.style.setProperty(/** @type {string} */ (side), `${value}px`);
    }
    return box;
  }));
  place.onkeydown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") hide();
  };
  place.querySelector("button")?.focus();
}
