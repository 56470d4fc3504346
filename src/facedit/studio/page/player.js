// @ts-check
/**
 * Before and after, in step through the plan's time map. What was not edited is played from the
 * source, edits from the previews of their takes: the whole is seen before anything is exported.
 */

import { $ } from "./elements.js";
import { outputTime, pieceAt, pieces, sourceRate, sourceTime } from "./time_map.js";

/** @typedef {import("./time_map.js").Plan} Plan @typedef {import("./time_map.js").Piece} Piece */

const STEP_S = 0.02;
/** Further apart than this, a seek is better than another speed. */
const FAR_S = 0.5;
/** Pictures less far apart are in step. */
const DRIFT_S = 0.015;
/** Another speed counts so much later, in Chromium. */
const LATE_S = 0.05;
/** A second of what the pictures are apart by makes the one before so much faster. */
const CATCH_UP = 8;
const FASTEST = 3;

export class Player {
  /**
   * @param {{before: HTMLVideoElement, rest: HTMLVideoElement, take: HTMLVideoElement, sound: HTMLAudioElement}} shown
   * @param {(source_s: number, output_s: number, piece: Piece | undefined) => void} told
   */
  constructor(shown, told) {
    Object.assign(this, shown);
    this.told = told;
    /** @type {Plan | null} */
    this.plan = null;
    /** @type {Piece[]} */
    this.pieces = [];
    /** @type {[number, number] | null} */
    this.loop = null;
    this.speed = 1;
    /** Seconds of the output a second, by J K L: 0 is as fast as is chosen. */
    this.shuttle = 0;
    this.at = 0;
    this.playing = false;
    this.last = 0;
    this.wakes = false;
    this.before.addEventListener("seeked", () => this.#wake());
    this.before.addEventListener("loadedmetadata", () => this.seekOutput(this.at));
  }

  /** Step with the next picture, and on as long as it plays: a page that stands still does nothing. */
  #wake() {
    if (this.wakes) return;
    this.wakes = true;
    requestAnimationFrame((now) => {
      this.wakes = false;
      const passed = this.last ? Math.min((now - this.last) / 1000, 0.1) : 0;
      this.last = this.playing ? now : 0;
      if (this.playing) this.#wake();
      this.#step(passed);
    });
  }

  get sourceTime() {
    return sourceTime(this.plan, this.at);
  }

  get piece() {
    return pieceAt(this.pieces, this.at);
  }

  /** @param {string} address of the source @param {boolean} [isStill] a picture, which is shown as one */
  open(address, isStill) {
    this.pause();
    for (const video of [this.before, this.rest]) video[isStill ? "poster" : "src"] = address;
    this.before.muted = true;
  }

  /**
   * @param {Plan} plan
   * @param {Parameters<typeof pieces>[1]} previews
   * @param {(string | null)[]} sounds
   */
  show(plan, previews, sounds) {
    const source_s = this.sourceTime;
    const all = pieces(plan, previews, sounds);
    if (JSON.stringify(all) === JSON.stringify(this.pieces)) return;
    this.plan = plan;
    this.pieces = all;
    this.seekOutput(outputTime(plan, source_s));
  }

  play() {
    this.playing = true;
    const end = this.plan?.output_duration_s ?? Infinity;
    if (this.loop && !this.#loops()) this.seekOutput(this.loop[0]);
    else if (this.at > end - STEP_S) this.seekOutput(0);
    this.#lead();
  }

  pause() {
    this.playing = false;
    this.#wake();
    this.shuttle = 0;
    for (const one of [this.before, this.rest, this.take, this.sound]) one.pause();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Take over another speed. */
  rate() {
    this.#element(this.piece).playbackRate = this.shuttle > 0 ? this.shuttle * this.speed : this.speed;
  }

  /** J and L: backwards, forwards, each time faster. @param {-1 | 1} way */
  faster(way) {
    const now = this.playing ? this.shuttle || 1 : 0;
    this.shuttle = now * way > 0 ? way * Math.min(Math.abs(now) * 2, 8) : way;
    if (this.shuttle < 0) for (const one of [this.rest, this.take, this.sound]) one.pause();
    this.playing = true;
    this.#wake();
    if (this.shuttle > 0) this.#lead();
    return this.shuttle;
  }

  /** @param {number} time in the source */
  seek(time) {
    this.seekOutput(outputTime(this.plan, time));
  }

  /** @param {number} time in the output */
  seekOutput(time) {
    this.at = Math.max(0, Math.min(time, this.plan?.output_duration_s ?? time));
    this.#lead();
    this.#follow(false);
  }

  /** Step by frames, to the middle of one, where no rounding matters. @param {number} by @param {number} rate */
  nudge(by, rate) {
    this.pause();
    const frame = Math.floor(this.at * rate + 1e-3) + by;
    this.seekOutput((Math.max(frame, 0) + 0.5) / rate);
  }

  #loops() {
    return this.loop !== null && this.at >= this.loop[0] - STEP_S && this.at <= this.loop[1];
  }

  /** What is seen or heard of a piece. @param {Piece | undefined} piece */
  #element(piece) {
    if (piece?.kind === "take") return this.take;
    return piece?.kind === "sound" ? this.sound : this.rest;
  }

  /** Put the element of this moment's piece in its place, and let it play if it shall. */
  #lead() {
    const piece = this.piece;
    this.led = piece;
    const leader = this.#element(piece);
    for (const one of [this.rest, this.take, this.sound]) if (one !== leader) one.pause();
    this.#wake();
    this.take.hidden = leader !== this.take;
    this.rest.hidden = leader === this.take;
    if (piece?.src && leader.getAttribute("src") !== piece.src) leader.src = piece.src;
    if (piece && piece.kind !== "none") {
      const time = this.at + piece.offset;
      if (Math.abs(leader.currentTime - time) > 1e-3) leader.currentTime = time;
    }
    if (piece?.kind === "sound" || piece?.kind === "none") this.rest.currentTime = this.sourceTime;
    this.rate();
    if (this.playing && this.shuttle >= 0) void leader.play().catch(() => undefined);
  }

  /** @param {number} passed seconds since the last step */
  #step(passed) {
    const end = this.plan?.output_duration_s ?? Infinity;
    if (this.playing && this.shuttle < 0) {
      if (!this.#element(this.piece).seeking) this.seekOutput(this.at + this.shuttle * passed);
      if (this.at <= 0) this.pause();
    } else if (this.playing) this.#onward(end);
    this.#follow(this.playing && this.shuttle >= 0);
    this.told(this.sourceTime, this.at, this.piece);
  }

  /** @param {number} end */
  #onward(end) {
    const piece = this.led;
    const leader = this.#element(piece);
    if (piece?.kind === "none") this.at = piece.end;
    else if (!leader.seeking && leader.readyState > 1) {
      this.at = Math.max(this.at, leader.currentTime - (piece?.offset ?? 0));
    }
    if (leader.ended && piece) this.at = Math.max(this.at, piece.end);
    if (this.loop && this.at >= this.loop[1]) this.seekOutput(this.loop[0]);
    else if (this.at >= end - 1e-3 || (leader.ended && piece === this.pieces[this.pieces.length - 1])) {
      this.at = end;
      this.pause();
    } else if (this.piece !== piece) this.#lead();
  }

  /** Keep the picture before in step. @param {boolean} plays */
  #follow(plays) {
    const { before } = this;
    const wanted = this.sourceTime;
    const off = wanted - before.currentTime;
    const over = wanted > before.duration - 0.06;  // played on, it would begin anew
    if (plays && !over && Math.abs(off) < FAR_S) {
      if (before.paused) void before.play().catch(() => undefined);
      // As fast as the old words pass under the new ones, unless those wait; drifts are made good by
      // speed: a seek would show.
      const leader = this.#element(this.led);
      const waits = leader.seeking || leader.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
      const usual = waits ? 0 : sourceRate(this.plan, this.at + LATE_S);
      const rate = Math.min(usual + (Math.abs(off) < DRIFT_S ? 0 : CATCH_UP * off), FASTEST);
      before.playbackRate = rate < 0.1 ? 0 : rate * this.speed * (this.shuttle || 1);
      return;
    }
    if (!before.paused) before.pause();
    if (Math.abs(off) > STEP_S / 2 && !before.seeking) before.currentTime = wanted;
  }
}

/** Say where the player is. @param {number} output_s @param {number} rate @param {boolean} playing @param {Piece | undefined} piece */
export function showMoment(output_s, rate, playing, piece) {
  const [minutes, s] = [Math.floor(output_s / 60), output_s % 60];
  const shown = `${minutes}:${s.toFixed(2).padStart(5, "0")} · frame ${Math.floor(output_s * rate + 1e-3)}`;
  if ($("time").textContent !== shown) $("time").textContent = shown;
  const verb = playing ? "Pause" : "Play";
  if ($("play").textContent !== verb) $("play").textContent = verb;
  const isMissing = piece?.kind === "sound" || piece?.kind === "none";
  if ($("no-take").hidden === isMissing) $("no-take").hidden = !isMissing;
}
