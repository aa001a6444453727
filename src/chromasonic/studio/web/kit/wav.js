/** Samples as a WAV file. */

const HEAD_BYTES = 44;

/**
 * @param {Float32Array[]} channels of equal length, samples from -1 to 1
 * @param {number} rate samples a second
 * @returns {Blob} 16 bits; turned down as a whole where it would clip
 */
export function wav(channels, rate) {
  const [{length}] = channels;
  const bytes = length * channels.length * 2;
  const view = new DataView(new ArrayBuffer(HEAD_BYTES + bytes));
  const letters = (at, text) => [...text].forEach((one, i) => view.setUint8(at + i, one.charCodeAt(0)));
  letters(0, 'RIFF');
  view.setUint32(4, HEAD_BYTES - 8 + bytes, true);
  letters(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * channels.length * 2, true);
  view.setUint16(32, channels.length * 2, true);
  view.setUint16(34, 16, true);
  letters(36, 'data');
  view.setUint32(40, bytes, true);
  const peak = channels.reduce((most, one) => one.reduce((a, b) => Math.max(a, Math.abs(b)), most), 1);
  for (let i = 0, at = HEAD_BYTES; i < length; i++) {
    for (const channel of channels) {
      view.setInt16(at, Math.round((channel[i] / peak) * 32_767), true);
      at += 2;
    }
  }
  return new Blob([view.buffer], {type: 'audio/wav'});
}
