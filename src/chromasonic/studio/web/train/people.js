/** Whom a gesture training leaves out, to be judged by: the people of the corpus. */
import {call, runJob} from '../kit/api.js';
import {labelled} from './fields.js';

const known = new Map(); // corpus to a promise of its people

/** Who moves in a corpus; it is read once. */
export function peopleOf(corpus) {
  if (!known.has(corpus)) {
    const asked = call(`/api/train/performers?corpus=${encodeURIComponent(corpus)}`).then((job) => runJob(job));
    known.set(corpus, asked.then(({performers}) => performers));
    asked.catch(() => known.delete(corpus));
  }
  return known.get(corpus);
}

/**
 * The fields that a protocol wants of people.
 * @param {string} protocol seen, unseen, each or official
 * @param {string[]} people
 * @param {object} kept settings as they were
 * @returns {HTMLElement[]}
 */
export function peopleFields(protocol, people, kept) {
  const made = [];
  if (protocol === 'unseen') made.push(field('data.performer', 'Left out', 'Judged by; nothing is learned from them.', people, kept));
  if (protocol === 'unseen' || protocol === 'official') {
    const says = 'Another person, not learned from either; or some recordings of all.';
    made.push(field('data.validation_performer', 'Best epoch chosen by', says, [['', 'recordings of the others'], ...people], kept));
  }
  return made;
}

function field(key, label, says, people, kept) {
  const select = document.createElement('select');
  select.append(...people.map((one) => (Array.isArray(one) ? new Option(one[1], one[0]) : new Option(one, one))));
  select.dataset.key = key;
  select.dataset.default = '';
  if ([...select.options].some(({value}) => value === kept[key])) select.value = kept[key];
  return labelled(label, select, says, `says-${key}`);
}
