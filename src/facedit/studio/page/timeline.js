// @ts-check
/** The layout in time: what goes, what comes, seams, and where the player is. */

export class Timeline {
  /**
   * @param {HTMLElement} before
   * @param {HTMLElement} after
   * @param {{source: (time: number) => void, output: (time: number) => void}} seek
   */
  constructor(before, after, seek) {
    this.before = before;
    this.after = after;
    this.length = 1;
    this.heads = [before, after].map((lane) => {
      const head = document.createElement("i");
      head.className = "head";
      lane.append(head);
      return head;
    });
    const at = (event, lane) => {
      const box = lane.getBoundingClientRect();
      return ((event.clientX - box.left) / box.width) * this.length;
    };
    before.addEventListener("click", (event) => seek.source(at(event, before)));
    after.addEventListener("click", (event) => seek.output(at(event, after)));
  }

  /**
   * @param {any} plan
   * @param {boolean} estimated
   * @param {any[]} seams
   */
  show(plan, estimated, seams) {
    this.length = Math.max(plan.source_duration_s, plan.output_duration_s, 0.1);
    for (const lane of [this.before, this.after]) {
      for (const part of lane.querySelectorAll(".part, .seam")) part.remove();
    }
    this.#part(this.before, [0, plan.source_duration_s], "kept");
    for (const segment of plan.segments) {
      if (!segment.keep) this.#part(this.before, segment.source, "gone");
      const kind = segment.keep ? "kept" : estimated ? "new estimated" : "new";
      this.#part(this.after, segment.output, kind, segment.text);
    }
    for (const seam of seams) {
      const mark = document.createElement("i");
      mark.className = seam.smooth ? "seam" : "seam look";
      mark.style.setProperty("left", this.#share(seam.output_s));
      this.after.append(mark);
    }
  }

  /** @param {number} source_s @param {number} output_s */
  move(source_s, output_s) {
    this.heads[0].style.setProperty("left", this.#share(source_s));
    this.heads[1].hidden = Number.isNaN(output_s);
    if (!Number.isNaN(output_s)) this.heads[1].style.setProperty("left", this.#share(output_s));
  }

  #share(time) {
    return `${(100 * time) / this.length}%`;
  }

  #part(lane, [start, end], kind, title = "") {
    const part = document.createElement("div");
    part.className = `part ${kind}`;
    part.title = title;
    part.style.setProperty("left", this.#share(start));
    part.style.setProperty("width", this.#share(end - start));
    lane.prepend(part);
    // What was laid last lies on top.
    if (!kind.startsWith("kept")) lane.append(part);
  }
}
