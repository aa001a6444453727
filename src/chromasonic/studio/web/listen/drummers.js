/** Drummers as versions: groove models, and what a sequencer plays; and whether people's bars are here. */
import {post, runJob} from '../kit/api.js';
import {html} from '../kit/chart-parts.js';
import {fillChoices} from '../kit/choice.js';

const STRAIGHT = 'drummer:straight';

/**
 * Fill a select with groove models and the sequencer.
 * @param {HTMLSelectElement} select
 * @param {string} label of the version; the first begins with a model, others with the sequencer
 */
export async function fillDrummers(select, label) {
  const before = select.value;
  await fillChoices(select, 'companion:groove', {remember: ''});
  for (const option of [...select.options]) {
    if (!option.value) {
      option.remove();
      continue;
    }
    nameShipped(option);
    option.value = `drummer:${option.value}`;
  }
  const straight = new Option('Straight', STRAIGHT);
  straight.dataset.summary = 'What is written, on the grid, as a sequencer plays it.';
  select.append(html('optgroup', {label: 'Without a model'}, straight));
  const usual = label === 'A' ? select.options[0].value : STRAIGHT;
  select.value = [...select.options].some(({value}) => value === before) ? before : usual;
}

/** A model that ships is called by the name, too, by which files and the command line know it. */
export function nameShipped(option) {
  const [name, which] = option.value.split('@');
  if (which !== 'shipped') return;
  option.dataset.name = name;
  option.textContent = `${name} · ${option.textContent}`;
}

let looked = null;

/** @returns {Promise<Object<string, string>>} kind of pairs to why no people can stand beside them, or '' */
export function anchors() {
  looked ??= post('/api/listen/anchors', {}).then((job) => runJob(job)).catch(() => {
    looked = null;
    return {};
  });
  return looked;
}
