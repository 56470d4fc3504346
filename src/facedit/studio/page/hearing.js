// @ts-check
/** What is heard of an edit by itself: its new words alone, in context, or what was said there. */

/** @typedef {"sound" | "context" | "source"} What */

export class Hearing {
  /** @param {import("./player.js").Player} player @param {(text: string) => void} say @param {(error: Error) => void} fail */
  constructor(player, say, fail) {
    Object.assign(this, { player, say, fail });
    this.sound = new Audio();
  }

  /** @param {import("./made.js").Made | null} made @param {What} what */
  play(made, what) {
    const source = made?.[what] ?? made?.context;
    if (!made || !source) return this.say("There is no new sound here yet.");
    this.player.pause();
    this.sound.src = source;
    this.sound.play().catch(this.fail);
    this.say(what === "source" ? "As shot." : [made.new && `“${made.new}”`, made.voice].filter(Boolean).join(", "));
  }
}
