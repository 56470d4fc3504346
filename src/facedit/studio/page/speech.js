// @ts-check
/** Generate and Sync: a picture or a clip speaks a text or a recording; shown where takes are shown. */

import { send } from "./api.js";
import { $, fill, make } from "./elements.js";
import { CONSENT } from "./exports.js";
import { showExpression } from "./expression.js";
import { Recorder } from "./recorder.js";
import { wholePlan } from "./time_map.js";

/** @type {Record<string, {title: string, says: string, about: string}>} */
const TABS = {
  generate: {
    title: "What the picture shall say", says: "Make the video",
    about: "The face speaks for as long as the speech lasts; of a clip, its pictures are used to and fro.",
  },
  sync: {
    title: "What shall be said over these pictures", says: "Sync the lips",
    about: "The pictures stay; lips and sound are new. The speech must not be longer than the clip.",
  },
};

export class Speech {
  /**
   * @param {{say: (text: string) => void, fail: (error: Error) => void,
   *   player: import("./player.js").Player}} page
   */
  constructor(page) {
    this.page = page;
    this.tab = "edit";
    /** @type {import("./clip_state.js").ClipState | null} */
    this.clip = null;
    /** @type {Blob | null} */
    this.recording = null;
    /** What the face shows beside speaking. @type {string[] | null} */
    this.expression = null;
    /** What was made in each tab. @type {Record<string, {name: string, src: string, shown: string, length_s: number}>} */
    this.results = {};
    const recorder = new Recorder({
      state: (on) => {
        $("speech-record").textContent = on ? "■ Stop" : "● Record";
        $("speech-record").classList.toggle("recording", on);
      },
      done: (sound) => this.take(sound),
      failed: page.fail,
    });
    $("speech-record").onclick = () => void recorder.toggle();
    $("speech-file").onchange = () => this.take($("speech-file").files[0] ?? null);
    $("speech-text").oninput = () => this.take(null);
    $("speech").onsubmit = (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#make().catch(page.fail);
    };
  }

  /** @param {import("./expression.js").Expression[]} known @param {string[] | null} [wishes] */
  express(known, wishes = null) {
    this.expression = wishes;
    showExpression($("speech-expression"), known, wishes, (other) => this.express(known, other));
  }

  /** @param {string} tab */
  choose(tab) {
    this.tab = tab;
    const found = TABS[tab];
    $("drop-says").textContent = tab === "generate"
      ? "A picture of a face, or a video. It will speak what you type or record."
      : "A video of someone who speaks. You change its words, it is said anew; everything else stays as shot.";
    $("drop-title").textContent = tab === "generate" ? "Drop a picture or a clip here" : "Drop a clip here";
    if (!found) return;
    $("speech-title").textContent = found.title;
    $("speech-make").textContent = found.says;
    $("speech-about").textContent = found.about;
    this.#show();
    if (this.clip) $("speech-text").focus();
  }

  /** @param {import("./clip_state.js").ClipState} clip */
  open(clip) {
    this.clip = clip;
    this.results = {};
    $("speech-consent").checked = Boolean(clip.consent);
  }

  /** Speech of one's own in the place of a text. @param {Blob | null} sound */
  take(sound) {
    this.recording = sound;
    if (sound) $("speech-text").value = "";
    $("speech-chosen").textContent = sound ? ("name" in sound ? String(sound.name) : "your recording") : "";
  }

  async #make() {
    const { clip, recording } = this;
    const text = $("speech-text").value.trim();
    if (!clip) return;
    if (!recording && !text) {
      $("speech-text").focus();
      return this.page.say("Type what shall be said, or choose or record a sound.");
    }
    if (!$("speech-consent").checked) {
      $("speech-consent").focus();
      return this.page.say("Say first that the person agreed to it.");
    }
    const body = { voice: $("speech-voice").value || "auto", seed: 0, consent: CONSENT, expression: this.expression ?? [] };
    const name = recording && "name" in recording ? String(recording.name) : "recording.webm";
    const speech = recording ? (await send(`/clips/${clip.id}/recordings`, recording, name)).speech : undefined;
    await clip.ask(this.tab, speech ? { ...body, speech } : { ...body, text });
  }

  /** Show what was made beside the clip, or the clip alone. */
  #show() {
    const { clip, page } = this;
    const made = this.results[this.tab];
    fill($("speech-made"), made && make("div", {}, make("a", { href: made.src, download: made.name }, made.name), " ",
      make("a", { href: `${made.src}/report`, target: "_blank", rel: "noopener" }, "report")));
    if (!clip) return;
    $("stage").classList.toggle("plain", !made);
    page.player.show(wholePlan(clip.info.duration_s, made?.length_s),
      [made ? { src: made.shown, lead_s: 0, length_s: made.length_s } : null], [null]);
  }

  /** What was made is played, and offered. @param {string} tab @param {{name: string, shown: string}} result */
  made(tab, { name, shown }) {
    const { clip, page } = this;
    if (!clip) return;
    const src = (/** @type {string} */ file) => `${clip.address}/exports/${encodeURIComponent(file)}`;
    const probe = make("video", { src: `${src(shown)}?${Date.now()}`, preload: "metadata" });
    probe.onloadedmetadata = () => {
      this.results[tab] = { name, src: src(name), shown: probe.src, length_s: probe.duration };
      if (this.tab !== tab) return;
      this.#show();
      page.player.seekOutput(0);
      page.player.play();
      page.say("Made: it plays; fetch it by the link.");
      $("speech-made").querySelector("a")?.focus();
    };
  }
}
