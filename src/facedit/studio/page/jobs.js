// @ts-check
/** What the server does now: a bar, a line and a way to stop it. */

import { call } from "./api.js";
import { $ } from "./elements.js";

export class JobLine {
  /** @param {(error: Error) => void} failed */
  constructor(failed) {
    this.failed = failed;
    /** @type {Map<string, any>} */
    this.running = new Map();
    this.since = 0;
    this.stage = "";
  }

  /** Whether something of a kind is being done. @param {string} kind */
  does(kind) {
    return [...this.running.values()].some((job) => job.kind === kind);
  }

  /** @param {any} job @returns {boolean} whether it has just ended */
  heard(job) {
    let ended = false;
    if (job.state === "queued" || job.state === "running") this.running.set(job.id, job);
    else ended = this.running.delete(job.id);
    this.#show();
    return ended;
  }

  /** Nothing is known of jobs while the server is away. */
  forget() {
    this.running.clear();
    this.#show();
  }

  /** @param {number | null | undefined} share nothing shown if null, no end known if undefined */
  bar(share, shown = $("progress")) {
    shown.hidden = share === null;
    if (share === undefined) shown.removeAttribute("value");
    else if (share !== null) shown.value = share;
  }

  #show() {
    // A look at the clip gives way to all that is asked for: nobody waits for it.
    const all = [...this.running.values()].filter((job) => job.kind !== "look");
    const now = all.find((one) => one.state === "running") ?? all[0];
    const exports = all.find((one) => one.kind === "export");
    this.#line(now, $("progress"), $("doing"), $("cancel"));
    $("cancel").hidden = !now;
    this.#line(exports, $("export-progress"), $("export-doing"), $("export-cancel"));
    $("export-line").hidden = !exports;
    $("do-export").disabled = Boolean(exports);
  }

  /** @param {any} job @param {HTMLElement} bar @param {HTMLElement} doing @param {HTMLElement} cancel */
  #line(job, bar, doing, cancel) {
    this.bar(job ? (job.share ?? undefined) : null, bar);
    doing.textContent = !job ? "" : job.state !== "running" ? "Waiting …" : job.stage ? this.#says(job) : "Starting …";
    cancel.onclick = () => void (job && call("DELETE", `/jobs/${job.id}`).catch(this.failed));
  }

  /** The stage, how much of it is done, and how long it will last. @param {any} job */
  #says(job) {
    const key = `${job.id} ${job.stage}`;
    if (key !== this.stage) [this.stage, this.since] = [key, performance.now()];
    if (job.share == null) return job.stage;
    const passed = (performance.now() - this.since) / 1000;
    const left = job.share > 0.05 && passed > 1 ? (passed / job.share) * (1 - job.share) : 0;
    const about = left >= 1 ? `, about ${Math.round(left)} s` : "";
    return `${job.stage} ${Math.round(100 * job.share)} %${about}`;
  }
}
