/** Parts that sound together, as one WAV file. */

import {wav} from './wav.js';

const RATE = 44_100;

/**
 * Mix parts as they are heard.
 * @param {{buffer: AudioBuffer, gain: number, pan: number}[]} parts of equal length
 * @returns {Promise<Blob>} stereo, 16 bits; turned down as a whole where it would clip
 */
export async function mixdown(parts) {
  const seconds = Math.max(...parts.map(({buffer}) => buffer.duration));
  const context = new OfflineAudioContext(2, Math.round(seconds * RATE), RATE);
  for (const {buffer, gain, pan} of parts.filter((one) => one.gain > 0)) {
    const source = new AudioBufferSourceNode(context, {buffer});
    source.connect(new GainNode(context, {gain})).connect(new StereoPannerNode(context, {pan})).connect(context.destination);
    source.start();
  }
  const sound = await context.startRendering();
  return wav([sound.getChannelData(0), sound.getChannelData(1)], RATE);
}
