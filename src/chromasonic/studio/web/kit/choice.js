/** Lists of models to choose from: shipped, registered, runs on this machine. */
import {call} from './api.js';

const GROUPS = {
  Shipped: 'Ready to use',
  Registered: 'Registered',
  Runs: 'Trained on this computer',
};

/**
 * Fill a select with the models for a task, and choose again what was chosen last.
 * The chosen option's `title` and `data-kind` say more; `select.dataset.summary` follows it.
 * @param {HTMLSelectElement} select
 * @param {'melody' | 'companion:groove' | 'harmonizer' | 'gesture'} task
 * @param {{remember?: string, wanted?: string, none?: string, only?: (choice: object) => boolean}}
 *   [options] `remember`: key under which the choice is kept, by default the task, or '' to keep none;
 *   `wanted`: a ref that is to be chosen instead; `none`: words of a first entry that is no model;
 *   `only`: which models are offered
 * @returns {Promise<{choices: object[], problem: string}>}
 */
export async function fillChoices(select, task, {remember = task, wanted, none, only = () => true} = {}) {
  const key = remember && keyOf(remember);
  select.setAttribute('aria-busy', 'true');
  let answer;
  try {
    answer = await call(`/api/choices?task=${encodeURIComponent(task)}`);
  } finally {
    select.removeAttribute('aria-busy');
  }
  answer.choices = answer.choices.filter(only);
  const before = wanted ?? (select.value || (key && localStorage.getItem(key)));
  select.replaceChildren(...(none ? [new Option(none, '')] : []));
  for (const [group, label] of Object.entries(GROUPS)) {
    const own = answer.choices.filter((choice) => choice.group === group);
    if (!own.length) continue;
    const place = document.createElement('optgroup');
    place.label = label;
    place.append(...own.map(optionOf));
    select.append(place);
  }
  if (!answer.choices.length && !none) select.append(new Option('No model yet: train one', '', true, true));
  if (answer.choices.some(({ref}) => ref === before)) select.value = before;
  describe(select);
  if (!select.dataset.hasChoices) {
    select.dataset.hasChoices = 'yes';
    select.addEventListener('change', () => {
      if (key) localStorage.setItem(key, select.value);
      describe(select);
    });
  }
  return answer;
}

/** Let a model be chosen where its task is asked for next, as by a link to that page. */
export function preferChoice(task, ref) {
  localStorage.setItem(keyOf(task), ref);
}

const keyOf = (name) => `chromasonic-choice-${name}`;

function optionOf({ref, label, kind, summary}) {
  const option = new Option(label, ref);
  option.dataset.kind = kind;
  option.dataset.summary = summary;
  option.title = summary;
  return option;
}

function describe(select) {
  select.dataset.summary = select.selectedOptions[0]?.dataset.summary ?? '';
  select.dataset.kind = select.selectedOptions[0]?.dataset.kind ?? '';
}
