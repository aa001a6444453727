/** Instruments that a tune may be heard on, for `voicesOf` and `soundFile`. */
import {read, write} from './remember.js';

/** General MIDI programs, counted from 0, that the soundfonts at hand play well. */
export const INSTRUMENTS = [
  ['Flute', 73], ['Recorder', 74], ['Violin', 40], ['Clarinet', 71], ['Accordion', 21],
  ['Guitar', 24], ['Piano', 0], ['Harp', 46], ['Organ', 19], ['Voices', 53],
];

/**
 * Fill a select with instruments and choose again what was chosen last.
 * @param {HTMLSelectElement} select
 * @param {{chosen?: number}} [options] chosen: the program at the first visit
 * @returns {() => number} the program that is chosen now
 */
export function fillInstruments(select, {chosen = 73} = {}) {
  const key = 'chromasonic-instrument';
  select.replaceChildren(...INSTRUMENTS.map(([name, program]) => new Option(name, program)));
  select.value = read(key) ?? chosen;
  if (!select.value) select.value = chosen;
  select.addEventListener('change', () => write(key, Number(select.value)));
  return () => Number(select.value);
}
