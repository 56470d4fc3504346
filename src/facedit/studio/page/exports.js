// @ts-check
/** What may be fetched: asked for in a dialog, with the statement of consent. */

import { send } from "./api.js";
import { $, choice, counted, fill, make } from "./elements.js";

/** What, its name, what it is for. @type {[string, string, string][]} */
const WHAT = [
  ["video", "The whole video", "as shot but for the edits; with its edit script and report"],
  ["package", "Changed spans and a timeline", "OTIO, EDL and XML that relink to the original in Resolve, Premiere "
    + "and Kdenlive; subtitles, TextGrid, sounds, edit script and report"],
];

const SPANS = /** @type {[string, string][]} */ ([
  ["prores", "ProRes 422 HQ"], ["prores4444", "ProRes 4444"], ["dnxhr", "DNxHR"], ["h264", "H.264"], ["png", "PNG pictures"],
  ["none", "no pictures"],
]);

const PATCHES = /** @type {[string, string][]} */ ([
  ["none", "none"], ["prores4444", "ProRes 4444"], ["png", "PNG pictures"],
]);

export const CONSENT = "stated in the studio: the person in this clip agreed to this edit";

export class ExportDialog {
  /** @param {(wishes: object) => Promise<void>} ask @param {() => string} clip its address, without the beginning */
  constructor(ask, clip) {
    this.ask = ask;
    this.clip = clip;
    this.what = "video";
    this.spans = "prores";
    this.patch = "none";
    /** The clip's own subtitles. @type {File | null} */
    this.subtitles = null;
    $("do-export").addEventListener("click", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#go();
    });
  }

  /** @param {boolean} agreed @param {number} untaken edits without a take */
  open(agreed, untaken) {
    const package_ = this.#package();
    const choose = (/** @type {string} */ name) => {
      this.what = name;
      package_.hidden = name !== "package";
    };
    $("what").replaceChildren(make("legend", {}, "What"), ...WHAT.map(([name, says, use]) => make("label", {},
      make("input", { type: "radio", name: "what", value: name, checked: name === this.what, onchange: () => choose(name) }),
      make("span", {}, says, " ", make("span", { className: "soft small" }, use)))), package_);
    choose(this.what);
    $("consent").checked = agreed || $("consent").checked;
    $("export-untaken").textContent = untaken ? `${counted(untaken, "edit")} without a take: drawn now, as the first take would be.` : "";
    $("export-says").textContent = "";
    if (!$("export").open) $("export").showModal();
    ($("what").querySelector("input:checked") ?? $("consent")).focus();
  }

  /** How changed spans, and what else a package may hold, are written. */
  #package() {
    const chosen = make("span", { className: "soft small" }, this.subtitles?.name ?? "made of its words");
    const picked = make("input", { type: "file", accept: ".srt,.vtt", ariaLabel: "The clip's own subtitles",
      onchange: () => {
        this.subtitles = picked.files[0] ?? null;
        chosen.textContent = this.subtitles?.name ?? "made of its words";
      } });
    return make("div", { className: "row package" },
      choice("Spans as", SPANS, this.spans, (value) => (this.spans = value)),
      choice("Patch with matte", PATCHES, this.patch, (value) => (this.patch = value)),
      make("span", {}, "Subtitles ", make("label", { className: "button", title: "SRT or VTT: moved and changed with the edit" },
        "Own file …", picked), " ", chosen));
  }

  /** An export did not work. @param {any} job */
  failed(job) {
    if (job.kind === "export") $("export-says").textContent = job.error;
  }

  async #wishes() {
    if (this.what !== "package") return { what: this.what, consent: CONSENT };
    const own = this.subtitles && await send(`${this.clip()}/subtitles`, this.subtitles, this.subtitles.name);
    return { what: this.what, consent: CONSENT, spans: this.spans, patch: this.patch, ...own };
  }

  async #go() {
    const says = $("export-says");
    says.textContent = "";
    if (!$("consent").checked) {
      says.textContent = "Say first that the person in the clip agreed to the edit.";
      $("consent").focus();
      return;
    }
    try {
      await this.ask(await this.#wishes());
    } catch (error) {
      says.textContent = error.message;
    }
  }

  /** @param {string} address @param {{name: string, what: string, current: boolean}[]} files */
  show(address, files) {
    const link = (/** @type {string} */ path, /** @type {object} */ props, /** @type {string} */ says) =>
      make("a", { href: `${address}/exports/${path}`, ...props }, says);
    fill($("downloads"), ...files.map(({ name, what, current }) => make("div", {},
      link(encodeURIComponent(name), { download: name }, name),
      what === "video" && make("span", { className: "soft" },
        link(`${encodeURIComponent(name)}/report`, { target: "_blank", rel: "noopener" }, "report")),
      what !== "video" && make("span", { className: "soft small" }, NAMES[what] ?? what),
      !current && make("span", { className: "look small" }, " of earlier edits"))));
  }

  /** Save the edit script as a file. @param {import("./clip_state.js").ClipState | null} clip */
  async script(clip) {
    if (!clip) return;
    await clip.saving;
    const { script } = await (await fetch(clip.address)).json();
    const file = URL.createObjectURL(new Blob([JSON.stringify(script, null, 1)], { type: "application/json" }));
    make("a", { href: file, download: `${clip.name.replace(/\.\w+$/, "")}-edit.json` }).click();
    URL.revokeObjectURL(file);
  }
}

/** @type {Record<string, string>} */
const NAMES = { script: "edit script", manifest: "its signed manifest", package: "spans, timeline, subtitles …" };
