/** The opening: typed as ABC or played, read by the studio, engraved as it grows. */
import {post, runJob} from '../kit/api.js';
import {safeSvg} from '../kit/score-drawing.js';
import {tabs} from '../kit/tabs.js';
import {playPanel} from './play.js';

const PARTS = {'0.125': '⅛', '0.250': '¼', '0.333': '⅓', '0.375': '⅜', '0.500': '½', '0.625': '⅝', '0.667': '⅔', '0.750': '¾', '0.875': '⅞'};
const PATIENCE = 350; // milliseconds after the last key until it is read

/**
 * @param {HTMLDetailsElement} part with the text field, the panel to play on and the preview
 * @param {() => {key: string | null, mode: string, metre: string | null, bars: number | null, tempo: number}} music
 *   what the form says
 * @returns {{refresh: () => void, read: () => Promise<void>, fault: () => string | null, show: () => void}}
 *   read: whatever was typed or played is read when it settles
 */
export function openingPart(part, music) {
  const text = part.querySelector('textarea');
  const says = part.querySelector('#abc-says');
  const preview = part.querySelector('#abc-preview');
  let timer = 0;
  let next = null; // what is to be read
  let reading = Promise.resolve();
  let current = 0;
  let fault = null;
  let unread = null; // notes that were played, and are not written down yet
  let played = null; // {notes, text}: what was played, and the text that came of it

  // What was shown before is not of these notes.
  const waiting = (words) => {
    quiet(words);
    current++;
    preview.ariaBusy = 'true';
  };
  const quiet = (words) => {
    fault = null;
    text.removeAttribute('aria-invalid');
    says.classList.remove('bad');
    says.textContent = words;
  };
  const faulty = ({text: words, at, length}) => {
    fault = words;
    text.setAttribute('aria-invalid', 'true');
    says.classList.add('bad');
    says.replaceChildren(words);
    if (length) says.append(' ', place(text, at, length));
    preview.hidden = true;
  };
  const ask = async (given) => {
    const mine = ++current;
    const {key, mode, metre, bars} = music();
    try {
      const found = await runJob(await post('/api/compose/openings', {...given, key, metre, bars}));
      if (mine !== current) return;
      if (found.fault) return faulty(found.fault);
      if (given.notes) {
        unread = null;
        text.value = found.abc;
        played = {notes: given.notes, text: text.value};
        text.dispatchEvent(new Event('change', {bubbles: true}));
      }
      const facts = `${count(found.notes, 'note')} in ${barsOf(found.bars)}, ${found.key}, ${found.metre}.`;
      const isLeft = mode && !key && !found.key.endsWith(` ${mode}`);
      const words = isLeft ? [`Mode ${mode} changes nothing here: the tune goes on in the key of its opening, unless you choose one above.`] : [];
      quiet([facts, ...found.said, ...words].join(' '));
      if (found.svg) preview.replaceChildren(safeSvg(found.svg));
      preview.hidden = !found.svg;
    } catch (error) {
      if (mine === current) faulty({text: error.message, at: 0, length: 0});
    } finally {
      if (mine === current) preview.ariaBusy = 'false';
    }
  };
  const read = () => {
    clearTimeout(timer);
    if (next) reading = ask(next);
    next = null;
    return reading;
  };
  const later = (given, words) => {
    waiting(words);
    next = given;
    timer = setTimeout(read, PATIENCE);
  };
  const refresh = () => {
    clearTimeout(timer);
    next = null;
    if (!unread && !text.value.trim()) {
      current++;
      preview.ariaBusy = 'false';
      quiet('Such as GABc dedB: letters are notes, small ones an octave higher, 2 is twice as long.');
      preview.hidden = true;
      return;
    }
    // Played notes are barred anew when the metre changes; typed ones are as they were typed.
    const notes = unread ?? (played?.text === text.value ? played.notes : null);
    later(notes ? {notes} : {abc: text.value}, 'Reading …');
  };
  text.addEventListener('input', () => {
    unread = null;
    refresh();
  });
  tabs(part.querySelector('.tabs'));
  playPanel(part.querySelector('#opening-play'), {
    music,
    onNotes: (notes) => {
      clearTimeout(timer);
      unread = notes.length ? notes : null;
      if (notes.length) {
        later({notes}, `${count(notes.length, 'note')} played, being written down …`);
      } else {
        text.value = '';
        text.dispatchEvent(new Event('change', {bubbles: true}));
        refresh();
      }
    },
  });
  refresh();
  return {refresh, read, fault: () => (text.value.trim() ? fault : null), show: () => {
    part.open = true;
    text.focus();
  }};
}

/** The place of a fault, as a button that selects it in the field. */
function place(text, at, length) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'fault';
  const mark = Object.assign(document.createElement('mark'), {textContent: text.value.slice(at, at + length)});
  made.append(text.value.slice(Math.max(0, at - 14), at), mark, text.value.slice(at + length, at + length + 10));
  made.ariaLabel = `Show the place: ${mark.textContent}`;
  made.addEventListener('click', () => {
    text.focus();
    text.setSelectionRange(at, at + length);
  });
  return made;
}

/** Such as "1 bar", "1 ½ bars": what of the last one is there. */
function barsOf(bars) {
  const [whole, part] = [Math.floor(bars), PARTS[(bars % 1).toFixed(3)]];
  if (bars % 1 && !part) return `${whole ? `${count(whole, 'bar')} and a part of one` : 'a part of a bar'}`;
  if (!part) return count(whole, 'bar');
  return whole ? `${whole} ${part} bars` : `${part} of a bar`;
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
