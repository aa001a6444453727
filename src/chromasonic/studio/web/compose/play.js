/** An opening that is played: step by step without time, or in time to a metronome. */
import {button} from '../kit/icons.js';
import {Metronome} from './metronome.js';
import {Piano} from './piano.js';

const LENGTHS = [[1, 'sixteenth'], [2, 'eighth'], [4, 'quarter'], [8, 'half'], [16, 'whole']];
const STEPS_A_QUARTER = 4;

/**
 * @param {HTMLElement} panel is filled
 * @param {{music: () => {metre: string | null, tempo: number}, onNotes: (notes: number[][]) => any}} options
 *   onNotes: is given [[step, steps, pitch], ...] in sixteenths after each change
 */
export function playPanel(panel, {music, onNotes}) {
  const board = document.createElement('div');
  const tools = Object.assign(document.createElement('div'), {className: 'row play-tools'});
  const hint = Object.assign(document.createElement('p'), {className: 'compose-hint', role: 'status'});
  panel.replaceChildren(board, tools, hint);
  const piano = new Piano(board);
  const steps = stepEntry(onNotes);
  const taking = recording({music, onNotes, hint});

  const length = Object.assign(document.createElement('select'), {ariaLabel: 'Length of the next note'});
  length.append(...LENGTHS.map(([value, word]) => new Option(word, value, word === 'eighth', word === 'eighth')));
  const dot = Object.assign(document.createElement('input'), {type: 'checkbox'});
  const dotted = Object.assign(document.createElement('label'), {className: 'row play-dot'});
  dotted.append(dot, 'dotted');
  const rest = button({text: 'Rest', kind: 'small'});
  const back = button({text: 'Take back', kind: 'small'});
  const clear = button({text: 'Clear', kind: 'quiet small'});
  const record = button({icon: 'record', text: 'Record in time', kind: 'small'});
  record.ariaPressed = 'false';
  tools.append(length, dotted, rest, back, clear, record);
  hint.textContent = 'Each key adds a note of the chosen length. Letters on the keys: your keyboard, while this part has the focus.';

  const size = () => Number(length.value) * (dot.checked ? 1.5 : 1);
  piano.addEventListener('down', ({detail}) => {
    if (taking.isOn) taking.down(detail);
    else steps.add(detail.pitch, size());
  });
  piano.addEventListener('up', ({detail}) => taking.isOn && taking.up(detail));
  rest.addEventListener('click', () => steps.add(null, size()));
  back.addEventListener('click', () => steps.takeBack());
  clear.addEventListener('click', () => steps.clear());
  record.addEventListener('click', () => {
    if (taking.isOn) {
      steps.replace(taking.stop());
    } else taking.start();
    record.ariaPressed = String(taking.isOn);
    record.querySelector('span').textContent = taking.isOn ? 'Stop' : 'Record in time';
    for (const one of [length, dot, rest, back, clear]) one.disabled = taking.isOn;
  });
}

/** Notes entered one after the other. */
function stepEntry(onNotes) {
  let events = []; // [pitch or null, steps]
  const tell = () => {
    let at = 0;
    const notes = [];
    for (const [pitch, steps] of events) {
      if (pitch !== null) notes.push([at, steps, pitch]);
      at += steps;
    }
    onNotes(notes);
  };
  return {
    add(pitch, steps) {
      events.push([pitch, Math.max(1, Math.round(steps))]);
      tell();
    },
    takeBack() {
      events.pop();
      tell();
    },
    clear() {
      events = [];
      tell();
    },
    /** Go on from notes that were recorded. */
    replace(notes) {
      events = [];
      let at = 0;
      for (const [start, steps, pitch] of notes) {
        if (start > at) events.push([null, start - at]);
        events.push([pitch, steps]);
        at = start + steps;
      }
      tell();
    },
  };
}

/** Notes played to a metronome, brought to the nearest sixteenth. */
function recording({music, hint}) {
  let metronome = null;
  let notes = [];
  return {
    get isOn() { return Boolean(metronome); },
    start() {
      const {metre, tempo} = music();
      notes = [];
      metronome = new Metronome({metre: metre ?? '4/4', tempo, onBeat: (text) => (hint.textContent = text)});
      metronome.start();
    },
    down({pitch, time}) { notes.push({pitch, from: time, to: null}); },
    up({pitch, time}) {
      const open = notes.findLast((note) => note.pitch === pitch && note.to === null);
      if (open) open.to = time;
    },
    /** End; the notes on the grid. */
    stop() {
      const {beganAt, quarterMs} = metronome;
      metronome.stop();
      metronome = null;
      const found = quantized(notes, beganAt, quarterMs / STEPS_A_QUARTER, performance.now());
      hint.textContent = found.length ? 'Recorded. Add notes step by step, or record anew.' : 'Nothing was played after the count-in.';
      return found;
    },
  };
}

/**
 * Played notes on a grid, one at a time: each ends where the next begins, at the latest.
 * @param {{pitch: number, from: number, to: number | null}[]} notes in milliseconds
 * @param {number} zero when the first bar began
 * @param {number} stepMs
 * @param {number} now for notes that are still held
 * @returns {number[][]} [[step, steps, pitch], ...]
 */
export function quantized(notes, zero, stepMs, now) {
  const placed = notes
    .map(({pitch, from, to}) => ({
      pitch,
      start: Math.round((from - zero) / stepMs),
      end: Math.round(((to ?? now) - zero) / stepMs),
    }))
    .filter((note) => note.start >= 0)
    .sort((a, b) => a.start - b.start || b.pitch - a.pitch)
    .filter((note, i, all) => i === 0 || note.start !== all[i - 1].start);
  return placed.map((note, i) => {
    const next = placed[i + 1]?.start ?? Infinity;
    // A gap of one step before the next note is how fingers move, not a rest.
    const wanted = next - note.end <= 1 ? next : note.end;
    return [note.start, Math.max(1, Math.min(wanted, next) - note.start), note.pitch];
  });
}
