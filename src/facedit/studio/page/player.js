// @ts-check
/** Before and after, in step through the plan's time map. */

const STEP_S = 0.06;

/**
 * Where a moment of the output lies in the source.
 *
 * @param {any} plan
 * @param {number} time
 */
export function sourceTime(plan, time) {
  return mapped(plan, time, "output", "source");
}

/** Where a moment of the source comes in the output. */
export function outputTime(plan, time) {
  return mapped(plan, time, "source", "output");
}

function mapped(plan, time, from, to) {
  if (!plan) return time;
  for (const segment of plan.segments) {
    const [a, b] = segment[from];
    if (time < a || time >= b) continue;
    const [c, d] = segment[to];
    return segment.keep ? c + time - a : c + ((time - a) / (b - a)) * (d - c);
  }
  const last = plan.segments[plan.segments.length - 1];
  return last ? last[to][1] : time;
}

export class Player {
  /**
   * @param {HTMLVideoElement} before
   * @param {HTMLVideoElement} after
   * @param {(source_s: number, output_s: number) => void} told
   */
  constructor(before, after, told) {
    this.before = before;
    this.after = after;
    this.told = told;
    this.plan = null;
    /** @type {[number, number] | null} */
    this.loop = null;
    this.speed = 1;
    const tick = () => {
      this.#step();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  /** The one that leads: it is heard. */
  get leader() {
    return this.plan ? this.after : this.before;
  }

  get playing() {
    return !this.leader.paused;
  }

  get sourceTime() {
    return this.plan ? sourceTime(this.plan, this.after.currentTime) : this.before.currentTime;
  }

  /** @param {string} address */
  open(address) {
    this.before.src = address;
    this.show(null, null);
  }

  /** @param {string | null} address @param {any} plan */
  show(address, plan) {
    if (this.after.getAttribute("src") === address && address) return;
    const at = this.sourceTime;
    const playing = this.playing;
    this.before.pause();
    this.after.pause();
    this.plan = plan;
    this.before.muted = Boolean(plan);
    if (address) this.after.src = address;
    else this.after.removeAttribute("src");
    this.seek(at);
    if (playing) void this.play();
  }

  async play() {
    this.leader.playbackRate = this.speed;
    await this.leader.play().catch(() => undefined);
  }

  async toggle() {
    if (this.playing) this.leader.pause();
    else await this.play();
  }

  /** @param {number} time in the source */
  seek(time) {
    if (this.plan) this.after.currentTime = outputTime(this.plan, time);
    this.before.currentTime = time;
  }

  /** @param {number} time in the output */
  seekOutput(time) {
    if (!this.plan) return;
    this.after.currentTime = Math.max(time, 0);
    this.before.currentTime = sourceTime(this.plan, this.after.currentTime);
  }

  /** @param {number} by in seconds */
  nudge(by) {
    this.leader.pause();
    const to = Math.max(this.leader.currentTime + by, 0);
    if (this.plan) this.seekOutput(to);
    else this.before.currentTime = to;
  }

  #step() {
    const { before, after, plan } = this;
    if (plan) {
      if (this.loop && this.playing) {
        const [start, end] = this.loop;
        if (after.currentTime > end || after.currentTime < start - 0.5) after.currentTime = start;
      }
      const wanted = sourceTime(plan, after.currentTime);
      const off = wanted - before.currentTime;
      const over = wanted > before.duration - STEP_S;  // played on, it would begin anew
      if (this.playing && !over && Math.abs(off) < 0.5) {
        if (before.paused) void before.play().catch(() => undefined);
        // Small drifts are made good by speed: a seek would show.
        const rate = this.speed * Math.max(0.25, Math.min(4, 1 + 3 * off));
        before.playbackRate = Math.abs(off) < 0.015 ? this.speed : rate;
      } else {
        if (!before.paused) before.pause();
        if (Math.abs(off) > STEP_S / 3 && !before.seeking) before.currentTime = wanted;
      }
    }
    this.told(plan ? sourceTime(plan, after.currentTime) : before.currentTime,
      plan ? after.currentTime : NaN);
  }
}
