// @ts-check
/** What may be fetched: asked for in a dialog, with the statement of consent. */

import { $, choice, fill, make } from "./elements.js";

/** What, its name, what it is for. @type {[string, string, string][]} */
const WHAT = [
  ["video", "The whole video", "as shot but for the edits"],
  ["timeline", "Changed spans and a timeline", "OTIO, EDL, XML: relinks to the original in Resolve, Premiere, Kdenlive"],
  ["matte", "Mouth patch with a matte", "RGBA pictures, for compositors"],
  ["sound", "The new words", "wav"],
  ["subtitles", "Subtitles", "shifted with the edits"],
  ["textgrid", "Words with times", "TextGrid, for Praat"],
  ["script", "The edit script", "for facedit edit --script"],
  ["report", "The report", "every seam, as a page"],
];

/** Those that show no face that was changed need no statement. */
const FREE = new Set(["script", "subtitles", "textgrid"]);

const CODECS = /** @type {[string, string][]} */ ([
  ["h264", "H.264"], ["prores", "ProRes 422 HQ"], ["prores4444", "ProRes 4444"], ["dnxhr", "DNxHR"], ["png", "PNG pictures"],
]);

export const CONSENT = "stated in the studio: the person in this clip agreed to this edit";

export class ExportDialog {
  /**
   * @param {(what: string, codec: string | null, consent: string | null) => Promise<void>} ask
   */
  constructor(ask) {
    this.ask = ask;
    this.what = "video";
    this.codec = "prores";
    $("do-export").addEventListener("click", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#go();
    });
  }

  /** @param {string[]} offered what the server can make @param {boolean} agreed */
  open(offered, agreed) {
    const codec = choice("as", CODECS, this.codec, (value) => (this.codec = value));
    $("what").replaceChildren(make("legend", {}, "What"), ...WHAT.filter(([name]) => offered.includes(name)).map(
      ([name, says, use]) => make("label", {}, make("input", {
        type: "radio", name: "what", value: name, checked: name === this.what, onchange: () => (this.what = name),
      }), make("span", {}, says, " ", make("span", { className: "soft small" }, use)), name === "timeline" && codec)));
    $("consent").checked = agreed || $("consent").checked;
    $("export-says").textContent = "";
    if (!$("export").open) $("export").showModal();
    ($("what").querySelector("input:checked") ?? $("consent")).focus();
  }

  async #go() {
    const says = $("export-says");
    says.textContent = "";
    if (!FREE.has(this.what) && !$("consent").checked) {
      says.textContent = "Say first that the person in the clip agreed to the edit.";
      $("consent").focus();
      return;
    }
    try {
      await this.ask(this.what, this.what === "timeline" ? this.codec : null, $("consent").checked ? CONSENT : null);
    } catch (error) {
      says.textContent = error.message;
    }
  }

  /** @param {string} address @param {any[]} files */
  show(address, files) {
    fill($("downloads"), ...files.map(({ name, says }) => make("div", {},
      make("a", { href: `${address}/exports/${encodeURIComponent(name)}`, download: name }, name),
      says && make("span", { className: "soft small" }, says))));
  }
}
