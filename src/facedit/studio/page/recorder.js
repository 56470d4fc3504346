// @ts-check
/** Records what is said into the microphone; it goes to the server of this machine only. */

const LONGEST_MS = 60_000;

export class Recorder {
  /** @param {{state: (on: boolean) => void, done: (sound: Blob) => void, failed: (error: Error) => void}} told */
  constructor(told) {
    this.told = told;
    /** @type {MediaRecorder | null} */
    this.running = null;
  }

  get on() {
    return this.running !== null;
  }

  /** Begin, or end and hand the sound over. */
  async toggle() {
    if (this.running) {
      this.running.stop();
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      this.told.failed(new Error("no microphone may be used: allow it in the browser, or choose a file."));
      return;
    }
    const recorder = (this.running = new MediaRecorder(stream));
    /** @type {Blob[]} */
    const parts = [];
    const limit = setTimeout(() => recorder.stop(), LONGEST_MS);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      clearTimeout(limit);
      for (const track of stream.getTracks()) track.stop();
      this.running = null;
      this.told.state(false);
      this.told.done(new Blob(parts, { type: recorder.mimeType }));
    };
    recorder.start();
    this.told.state(true);
  }
}
