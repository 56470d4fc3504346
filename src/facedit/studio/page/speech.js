// @ts-check
/** Generate and Sync: a picture or a clip speaks a text or a recording; shown where takes are shown. */

import { send } from "./api.js";
import { $, fill, make } from "./elements.js";
import { CONSENT } from "./exports.js";
import { showExpressions } from "./expression.js";
import { Recorder } from "./recorder.js";
import { wholePlan } from "./time_map.js";
import { decoded } from "./wave.js";

/** Typing has paused for so long before the server is asked. */
const TYPED_MS = 200;
/** Of larger recordings the length is not looked for. */
const MOST_BYTES = 30_000_000;

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

/** @typedef {import("./expression.js").Wish} Wish */
/** @typedef {{name: string, src: string, shown: string, length_s: number, shape: any, wishes: Wish[], of: string}} Made */

export class Speech {
  /**
   * @param {{say: (text: string) => void, fail: (error: Error) => void,
   *   player: import("./player.js").Player, timeline: import("./timeline.js").Timeline}} page
   */
  constructor(page) {
    this.page = page;
    this.tab = "edit";
    /** @type {import("./clip_state.js").ClipState | null} */
    this.clip = null;
    /** @type {Blob | null} */
    this.recording = null;
    /** What people show. @type {import("./expression.js").Expression[]} */
    this.known = [];
    /** What the face shows beside speaking. @type {Wish[]} */
    this.wishes = [];
    /** How long it will last, and what shows when. @type {{length_s: number, wishes: Wish[]}} */
    this.outline = { length_s: 0, wishes: [] };
    this.turn = 0;
    /** What was asked for in each tab. @type {Record<string, string>} */
    this.asking = {};
    /** What was made in each tab, and of what. @type {Record<string, Made>} */
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
    $("speech-voice").onchange = () => this.#show();
    $("speech").onsubmit = (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#make().catch(page.fail);
    };
  }

  /** Show what the face shows beside speaking. @param {Wish[]} wishes */
  #express(wishes) {
    this.wishes = wishes;
    showExpressions($("speech-expression"), this.known, wishes, (other) => {
      this.#express(other);
      this.#plan();
    }, "of the video");
  }

  get #asked() {
    return JSON.stringify([$("speech-text").value.trim(), $("speech-voice").value, this.wishes.map(({ text }) => text),
      this.recording?.size ?? 0]);
  }

  /** Ask how long it will last and what shows when, before it is made. */
  #plan() {
    this.#show();
    void this.#ask().catch(this.page.fail);
  }

  async #ask() {
    const { clip, tab, recording } = this;
    if (!clip || !TABS[tab]) return;
    const turn = (this.turn += 1);
    await new Promise((done) => setTimeout(done, TYPED_MS));
    if (turn !== this.turn) return;
    const speech_s = recording ? await lengthOf(recording) : undefined;
    const body = { text: $("speech-text").value.trim(), speech_s, expression: this.wishes.map(({ text }) => text) };
    if (turn !== this.turn) return;
    const outline = await clip.ask(`${tab}/outline`, body);
    if (turn !== this.turn) return;
    this.outline = outline;
    if (outline.wishes.length) this.#express(outline.wishes);
    this.#show();
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
    this.outline = { length_s: 0, wishes: [] };
    this.page.timeline.look(null);
    this.#express(this.wishes);
    this.#plan();
    if (this.clip) $("speech-text").focus();
  }

  /** @param {import("./clip_state.js").ClipState} clip */
  open(clip) {
    this.clip = clip;
    this.results = {};
    this.wishes = [];
    $("speech-consent").checked = Boolean(clip.consent);
  }

  /** Speech of one's own in the place of a text. @param {Blob | null} sound */
  take(sound) {
    this.recording = sound;
    if (sound) $("speech-text").value = "";
    $("speech-chosen").textContent = sound ? ("name" in sound ? String(sound.name) : "your recording") : "";
    this.#plan();
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
    const body = { voice: $("speech-voice").value || "auto", seed: 0, consent: CONSENT, expression: this.wishes.map(({ text }) => text) };
    const asked = this.#asked;
    const name = recording && "name" in recording ? String(recording.name) : "recording.webm";
    const speech = recording ? (await send(`/clips/${clip.id}/recordings`, recording, name)).speech : undefined;
    await clip.ask(this.tab, speech ? { ...body, speech } : { ...body, text });
    this.asking[this.tab] = asked;
  }

  /** Show what was made beside the clip, or the clip alone with what would be made. */
  #show() {
    const { clip, outline, page } = this;
    const made = this.results[this.tab];
    const isNew = made?.of === this.#asked;
    fill($("speech-made"), made && make("div", {}, make("a", { href: made.src, download: made.name }, made.name), " ",
      make("a", { href: `${made.src}/report`, target: "_blank", rel: "noopener" }, "report"),
      !isNew && make("span", { className: "look small" }, " of what was asked before")));
    if (!clip || !TABS[this.tab]) return;
    const plan = wholePlan(clip.info.duration_s, isNew ? made.length_s : undefined);
    $("stage").classList.toggle("plain", !isNew);
    page.player.show(plan, [isNew ? { src: made.shown, lead_s: 0, length_s: made.length_s } : null], [null]);
    if (isNew) return page.timeline.show(plan, false, [], [made.shape], made.wishes);
    const text = $("speech-text").value.trim();
    const long = (text || this.recording) && outline.length_s ? outline.length_s : undefined;
    page.timeline.show(wholePlan(clip.info.duration_s, long, text), true, [], [null], long ? outline.wishes : []);
  }

  /** What was made is played, and offered. @param {string} tab @param {{name: string, shown: string, shape: any, wishes: Wish[]}} result */
  made(tab, { name, shown, shape, wishes }) {
    const { clip, page } = this;
    if (!clip) return;
    const src = (/** @type {string} */ file) => `${clip.address}/exports/${encodeURIComponent(file)}`;
    const probe = make("video", { src: `${src(shown)}?${Date.now()}`, preload: "metadata" });
    probe.onloadedmetadata = () => {
      const of = this.asking[tab] ?? this.#asked;
      this.results[tab] = { name, src: src(name), shown: probe.src, length_s: probe.duration, shape, wishes, of };
      if (this.tab !== tab) return;
      this.#show();
      page.player.seekOutput(0);
      page.player.play();
      page.say("Made: it plays; fetch it by the link.");
      $("speech-made").querySelector("a")?.focus();
    };
  }
}

/** How long a recording lasts; undefined where the browser cannot tell. @param {Blob} sound */
async function lengthOf(sound) {
  if (sound.size > MOST_BYTES) return undefined;
  const heard = await decoded(await sound.arrayBuffer()).catch(() => undefined);
  return heard?.duration;
}
