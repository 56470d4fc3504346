// @ts-check
/** A sound as it is drawn from near: every sample of it. */

const RATE = 16000;

export class Wave {
  /** @param {Float32Array} samples from -1 to 1 @param {number} start_s when they begin */
  constructor(samples, start_s) {
    this.samples = samples;
    this.start_s = start_s;
    this.loudest = samples.reduce((most, level) => Math.max(most, Math.abs(level)), 1e-3);
  }

  /** The lowest and highest of a stretch. @param {number} from @param {number} to in seconds */
  between(from, to) {
    const first = Math.floor((from - this.start_s) * RATE);
    const part = this.samples.subarray(Math.max(first, 0), Math.max(Math.ceil((to - this.start_s) * RATE), first + 1, 0));
    let [low, high] = part.length ? [part[0], part[0]] : [0, 0];
    for (const level of part) [low, high] = [Math.min(low, level), Math.max(high, level)];
    return [low, high];
  }
}

/** @param {ArrayBuffer} content of a file of sound */
export const decoded = (content) => new OfflineAudioContext(1, 1, RATE).decodeAudioData(content);

/** Fetch a sound, to be drawn as it lies from `start_s` on. @param {string} address @param {number} start_s */
export async function waveOf(address, start_s) {
  const sound = await decoded(await (await fetch(address)).arrayBuffer());
  const samples = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((level, at) => { samples[at] += level / sound.numberOfChannels; });
  }
  return new Wave(samples, start_s);
}
