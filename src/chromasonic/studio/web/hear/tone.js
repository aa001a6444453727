/** The sound by which listeners set their volume: a soft chord as loud as the clips will be. */

import {wav} from '../kit/wav.js';

const RATE = 22050;
const SECONDS = 3;
const NOTES = [261.63, 329.63, 392.0, 523.25];
/** Root mean square of the samples: about what the clips have at their loudness. */
const LEVEL = 0.09;

/** @returns {HTMLAudioElement} */
export function tone() {
  const samples = new Float32Array(RATE * SECONDS);
  NOTES.forEach((hertz, number) => {
    const begin = Math.round(number * 0.22 * RATE);
    for (let i = begin; i < samples.length; i += 1) {
      const time = (i - begin) / RATE;
      const shape = Math.min(1, time / 0.02) * Math.exp(-time / 1.4);
      samples[i] += shape * (Math.sin(2 * Math.PI * hertz * time) + 0.25 * Math.sin(4 * Math.PI * hertz * time));
    }
  });
  const fade = RATE / 4;
  for (let i = 0; i < fade; i += 1) samples[samples.length - 1 - i] *= i / fade;
  const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
  const gain = LEVEL / Math.sqrt(power);
  return new Audio(URL.createObjectURL(wav([samples.map((one) => one * gain)], RATE)));
}
