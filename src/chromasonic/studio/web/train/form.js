/** The form of a new training. */
import {call, post, runJob} from '../kit/api.js';
import {fillChoices} from '../kit/choice.js';
import {fieldOf, settingsIn} from './fields.js';
import {peopleFields, peopleOf} from './people.js';
import {duration, TASKS} from './words.js';

const MAIN = 4; // settings that are shown at once
const KEY = 'chromasonic-train-form';

/**
 * @param {HTMLFormElement} form
 * @param {{onStarted: (run: string) => void}} options
 */
export function newTraining(form, {onStarted}) {
  const find = (selector) => form.querySelector(selector);
  let offered = null;
  let loading = null;
  let people = [];
  let filled = Promise.resolve();

  const chosen = (name) => form.elements[name]?.value ?? '';
  const task = () => offered.find((one) => one.task === chosen('task')) ?? offered[0];
  const kind = () => task().kinds.find((one) => one.kind === chosen('kind')) ?? task().kinds[0];
  const corpus = () => task().corpora.find((one) => one.name === chosen('corpus'));

  async function load() {
    ({tasks: offered} = await runJob(await call('/api/train/form')));
    find('#form-wait').hidden = true;
    find('#form-fields').hidden = false;
    fill(JSON.parse(sessionStorage.getItem(KEY) ?? '{}'));
  }

  /** Show what was chosen and set; what is not said is as the form has it by itself. */
  function fill(kept) {
    choices('#tasks', 'task', offered.map((one) => [one.task, ...TASKS[one.task]]), kept.task);
    refuse('');
    drawKinds(kept);
  }

  function choices(place, name, all, wanted) {
    const first = all.some(([value]) => value === wanted) ? wanted : all[0][0];
    find(place).replaceChildren(...all.map(([value, title, about]) => {
      const label = document.createElement('label');
      label.className = 'train-choice';
      const input = Object.assign(document.createElement('input'), {type: 'radio', name, value, checked: value === first});
      const small = Object.assign(document.createElement('small'), {textContent: about});
      label.append(input, Object.assign(document.createElement('span'), {textContent: title}), small);
      return label;
    }));
  }

  function drawKinds(kept = {}) {
    choices('#kinds', 'kind', task().kinds.map((one) => [one.kind, one.title, one.about]), kept.kind);
    const select = find('#corpus');
    select.replaceChildren(...task().corpora.map((one) => {
      const size = one.pieces ? ` (${one.pieces.toLocaleString('en')} ${one.noun})` : '';
      const option = new Option(`${one.title}${size}${one.is_here ? '' : ', not on this computer'}`, one.name);
      option.disabled = !one.is_here;
      return option;
    }));
    const fine = task().corpora.filter((one) => one.is_here);
    const best = fine.find((one) => one.name === kept.corpus) ?? fine.find((one) => one.name === 'folk-pd') ?? fine[0];
    if (best) select.value = best.name;
    drawFields(kept.settings);
    drawBeginning(kept.begin);
  }

  function drawFields(kept = {}) {
    const fields = kind().fields.filter((one) => !one.is_made || corpus()?.is_made);
    const made = fields.map((one) => fieldOf(one, kept[one.key]));
    const first = made.filter((_, index) => index < MAIN || fields[index].is_made);
    const judged = made.filter((_, index) => fields[index].is_main);
    find('#judged-fields').replaceChildren(...judged);
    find('#first-fields').replaceChildren(...first);
    find('#more-fields').replaceChildren(...made.filter((one) => !first.includes(one) && !judged.includes(one)));
    find('details').hidden = first.length === made.length;
    const about = corpus();
    find('#corpus-about').textContent = about
      ? [about.summary, about.licence && `Licence: ${about.licence}.`].filter(Boolean).join(' ') : '';
    drawPeople({...settings(), ...kept});
  }

  async function drawPeople(kept = settings()) {
    const place = find('#people-fields');
    const protocol = kept['data.protocol'] ?? 'seen';
    const name = chosen('corpus');
    people = [];
    place.replaceChildren();
    if (task().task !== 'gesture' || protocol === 'seen') return tellUsual();
    place.append(Object.assign(document.createElement('p'), {className: 'muted', role: 'status', textContent: 'Reading who moves there …'}));
    try {
      const found = await peopleOf(name);
      if (name !== chosen('corpus') || protocol !== (settings()['data.protocol'] ?? 'seen')) return undefined;
      people = found;
      place.replaceChildren(...peopleFields(protocol, found, kept));
    } catch (error) {
      if (name !== chosen('corpus')) return undefined;
      place.replaceChildren(Object.assign(document.createElement('p'), {className: 'train-fault', textContent: error.message}));
    }
    return tellUsual();
  }

  async function drawBeginning(wanted = '') {
    const place = find('#begin').closest('label');
    place.hidden = !kind().begins;
    if (place.hidden) return;
    const [own, about] = [kind().kind, task().task];
    const fill = () => fillChoices(find('#begin'), about, {
      remember: '', wanted, none: 'nothing: it learns from scratch', only: (one) => one.kind === own || one.kind === about,
    });
    filled = filled.then(fill); // one after the other: the list of the kind chosen last stays
    try {
      await filled;
      tellBeginning();
    } catch (error) {
      filled = Promise.resolve();
      find('#begin-about').textContent = error.message;
    }
  }

  function tellBeginning() {
    const source = find('#begin').value;
    const isGesture = task().task === 'gesture';
    const words = isGesture
      ? 'Fine-tuning: it begins with that model, whose sizes it takes; the corpus must have the same movements.'
      : 'Fine-tuning: it begins with what that model knows, whose sizes it takes. A learning rate of a third or less keeps more of it.';
    find('#begin-about').textContent = source ? words : `Or with a model that knows ${isGesture ? 'movements' : 'music'} already, to make it know these.`;
  }

  async function tellUsual() {
    const place = find('#usual');
    const asked = {task: task().task, kind: kind().kind, corpus: chosen('corpus')};
    const {usual} = await call(`/api/train/usual?${new URLSearchParams(asked)}`);
    if (kind().kind === asked.kind && chosen('corpus') === asked.corpus) place.textContent = usualWords(usual);
  }

  function usualWords(usual) {
    const runs = settings()['data.protocol'] === 'each' ? people.length : 1;
    const several = runs > 1 ? `${runs} trainings, one for each person who is left out. ` : '';
    if (kind().kind === 'markov') return 'Ready in seconds: it counts, once through.';
    const typed = form.querySelector('[data-key$=".epochs"]')?.value;
    const kinds = Object.entries(kind().epochs).map(([one, usually]) => [task().task === 'gesture' ? kind().kind : one, Number(typed) || usually]);
    const known = kinds.filter(([one]) => usual[one]);
    if (!known.length) return `${several}How long it takes is known after its first epoch: nothing like it was trained here yet. It can be stopped and continued at any time.`;
    const seconds = runs * known.reduce((sum, [one, epochs]) => sum + usual[one].seconds * epochs, 0);
    const rest = kinds.length > known.length ? `, and ${kinds.length - known.length} of its models more, of which nothing is known yet` : '';
    const each = kinds.length === 1 ? `An epoch took about ${duration(usual[known[0][0]].seconds)} in '${usual[known[0][0]].name}'. ` : '';
    const long = seconds > 3600 ? ' That is long: let it run overnight, or take fewer epochs.' : '';
    return `${several}${each}All of it: about ${duration(seconds)}${rest}, if nothing stops early.${long}`;
  }

  const begin = () => (kind().begins ? find('#begin').value : '');
  const settings = () => settingsIn(form);

  const choice = () => ({task: chosen('task'), kind: chosen('kind'), corpus: chosen('corpus')});

  /** For a reload. What the studio refused, or has begun, is no default for the next training. */
  function keep({isOver = false} = {}) {
    if (!offered) return;
    sessionStorage.setItem(KEY, JSON.stringify(isOver ? choice() : {...choice(), settings: settings(), begin: begin()}));
  }

  function refuse(text) {
    const place = find('#start-error');
    place.hidden = !text;
    place.textContent = text;
    let first = null;
    for (const input of form.querySelectorAll('[data-key], [name="name"]')) {
      const field = input.closest('label');
      const wrong = text.split('\n').find((line) => line.startsWith(`${field.firstChild.textContent.trim()} is`));
      field.querySelector('.train-fault')?.remove();
      input.setAttribute('aria-invalid', String(Boolean(wrong)));
      if (!wrong) continue;
      field.append(Object.assign(document.createElement('small'), {className: 'train-fault', textContent: wrong}));
      input.closest('details')?.setAttribute('open', '');
      first ??= input;
    }
    first?.focus();
  }

  form.addEventListener('change', ({target}) => {
    if (target.name === 'task') drawKinds();
    else if (target.name === 'kind' || target.name === 'corpus') {
      drawFields(settings()); // what was typed stays
      if (target.name === 'kind') drawBeginning(begin());
    } else if (target.id === 'begin') tellBeginning();
    else if (target.dataset.key === 'data.protocol') drawPeople();
    else if (target.dataset.key?.endsWith('.epochs')) tellUsual();
    keep();
  });
  function tellFolder() {
    const typed = form.elements.name.value.trim();
    const folder = typed.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-/, '').slice(0, 48).replace(/-$/, '');
    const words = folder ? `Its folder is called ${folder}.` : 'A folder wants a letter from a to z, or a digit.';
    find('#name-about').textContent = !typed || typed === folder ? '' : words;
  }

  form.elements.name.addEventListener('input', tellFolder);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = find('[type="submit"]');
    refuse('');
    button.disabled = true;
    try {
      const {run} = await post('/api/train/runs', {
        task: chosen('task'), kind: chosen('kind'), corpus: chosen('corpus'),
        name: form.elements.name.value, settings: settings(), init_from: begin(),
      });
      form.elements.name.value = '';
      tellFolder();
      keep({isOver: true});
      fill(choice());
      onStarted(run);
    } catch (error) {
      refuse(error.message);
      if (form.querySelector('.train-fault')) keep({isOver: true}); // what is wrong is no default
    } finally {
      button.disabled = false;
    }
  });

  return {
    /** @param {object} [like] task, kind, corpus, settings and begin of a run to begin as */
    open: async (like) => {
      loading ??= load().catch((error) => {
        loading = null;
        find('#form-wait').textContent = error.message;
      });
      await loading;
      if (!offered) return;
      if (like) fill(like);
      form.querySelector('input:checked')?.focus();
    },
    /** Forget settings of which some were refused; without a fault what was typed stays for the next look. */
    close: () => {
      if (offered && form.querySelector('.train-fault')) fill(choice());
      else refuse('');
    },
  };
}
