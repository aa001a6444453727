/** The form for a new listening test: what is compared, how much each listener is asked. */
import {StudioError, post} from '../kit/api.js';
import {html} from '../kit/chart-parts.js';
import {fillChoices} from '../kit/choice.js';
import {working} from '../kit/progress.js';
import {jobTaken, keptJob, remember, resumeJob} from '../kit/remember.js';
import {anchors, fillDrummers, nameShipped} from './drummers.js';
import {ownSounds} from './own.js';
import {lengthOf, listenersFor} from './power.js';

const MOST = 6;
const [BAR_SECONDS, VOICES_SECONDS] = [2, 14]; // about: what a bar and two phrases of a chorale last
const BY = {models: 'people', voices: 'Bach', grooves: 'people'};
const FILL = {models: fillMelody, voices: fillAgents, grooves: fillDrummers};
const WRITERS = ['lstm', 'transformer', 'markov'];
const AGENTS = {
  hybrid: ['Hybrid', 'A network that learned from Bach, led by the rules.'],
  exact: ['Exact', 'The best setting there is by the rules alone.'],
  advanced: ['Advanced', 'Learned the rules by trying, tune after tune.'],
};
const at = (id) => document.getElementById(id);
const form = at('making');
const fields = form.elements;
let sounds = null;
let filled = Promise.resolve(); // choices come one after the other: each version differs from those before

/**
 * @param {{onMade: (key: string) => void}} options told the key of a test that was made
 */
export function setUpMaking({onMade}) {
  for (const label of ['A', 'B']) addVersion(label);
  sounds = ownSounds(at('own'));
  remember(form, 'listen', {except: ['title', 'source']});
  at('new').addEventListener('click', () => open(form.hidden));
  at('not-now').addEventListener('click', () => open(false));
  at('add-version').addEventListener('click', () => addVersion(String.fromCharCode(65 + selects().length)));
  form.addEventListener('input', draw);
  for (const source of fields.source) {
    source.addEventListener('change', () => {
      if (source.value !== 'sounds') for (const select of selects()) select.dispatchEvent(new Event('fill'));
    });
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const key = await make();
    if (key) done(key, onMade);
  });
  draw();
  takeUp(onMade);
}

function open(isOpen) {
  form.hidden = !isOpen;
  at('new').setAttribute('aria-expanded', String(isOpen));
  if (isOpen) form.querySelector('input, select').focus();
  else at('new').focus();
}

function done(key, onMade) {
  form.hidden = true;
  at('new').setAttribute('aria-expanded', 'false');
  fields.title.value = '';
  onMade(key);
}

function selects() {
  return [...at('versions').querySelectorAll('select')];
}

async function addVersion(label) {
  const select = html('select', {name: `version-${label}`, required: true});
  const about = html('span', {class: 'help'});
  at('versions').append(html('label', {class: 'field'}, html('span', {textContent: `Version ${label}`}), select, about));
  at('add-version').hidden = selects().length >= MOST;
  const say = () => {
    about.textContent = select.selectedOptions[0]?.dataset.summary ?? '';
  };
  select.addEventListener('change', say);
  const fillNow = async () => {
    try {
      await (FILL[fields.source.value] ?? fillMelody)(select, label);
      distinct(select);
      say();
    } catch (error) {
      about.textContent = error.message;
    }
  };
  const fill = () => (filled = filled.then(fillNow));
  select.addEventListener('fill', fill);
  await fill();
}

async function fillMelody(select, label) {
  await fillChoices(select, 'melody', {remember: `listen-${label}`});
  // Models of the companion write melodies to chords: another task.
  for (const option of [...select.options]) {
    if (option.value && !WRITERS.includes(option.dataset.kind)) option.remove();
    nameShipped(option);
  }
  for (const group of [...select.querySelectorAll('optgroup')]) if (!group.children.length) group.remove();
}

/** Agents that ship, then those that were registered or trained here. */
async function fillAgents(select, label) {
  const {choices} = await fillChoices(select, 'harmonizer', {remember: `listen-voices-${label}`});
  for (const option of [...select.options]) {
    if (option.value && option.dataset.kind in AGENTS) option.value = `agent:${option.dataset.kind}:${option.value}`;
    else option.remove();
  }
  const group = html('optgroup', {label: 'Ready to use'});
  for (const [name, [words, summary]] of Object.entries(AGENTS)) {
    const option = new Option(words, `agent:${name}`);
    option.dataset.summary = summary;
    group.append(option);
  }
  select.prepend(group);
  if (!choices.length) for (const empty of [...select.querySelectorAll('optgroup')].slice(1)) empty.remove();
  select.value = group.children[0].value;
}

/** A version that was never chosen begins with a model that none before it has. */
function distinct(select) {
  const before = selects().slice(0, selects().indexOf(select)).map((one) => one.value);
  if (!before.includes(select.value)) return;
  const free = [...select.options].find((option) => option.value && !before.includes(option.value));
  if (free) select.value = free.value;
}

function draw() {
  const source = fields.source.value;
  at('from-models').hidden = source === 'sounds';
  at('from-sounds').hidden = source !== 'sounds';
  for (const one of form.querySelectorAll('[data-for]')) one.hidden = !one.dataset.for.split(' ').includes(source);
  sayAnchors(source);
  const trials = Number(fields.trials.value);
  at('power').textContent = listenersFor(trials);
  const isSounds = source === 'sounds';
  at('length').textContent = lengthOf({
    trials: isSounds ? trials : Math.min(trials, Number(fields.items.value)),
    repeats: Number(fields.repeats.value),
    anchors: !isSounds && hasAnchor() ? 2 : 0,
    by: BY[source],
    clipSeconds: {
      models: Number(fields.bars.value) * BAR_SECONDS,
      voices: VOICES_SECONDS,
      grooves: Number(fields.groove_bars.value) * BAR_SECONDS,
    }[source],
  });
  at('hits-of').textContent = hasAnchor() ? 'bars of drummers that no model which ships has learned from' : 'patterns that come with the Groove page, which nobody has played';
  at('making-error').textContent = '';
}

const hasAnchor = () => fields.has_anchor.checked && !fields.has_anchor.disabled;

/** Where what people played is not on this computer, say how it comes there. */
async function sayAnchors(source) {
  const problem = source === 'grooves' ? (await anchors())[source] ?? '' : '';
  if (source !== fields.source.value || at('anchor-problem').textContent === problem) return;
  at('anchor-problem').textContent = problem;
  fields.has_anchor.disabled = Boolean(problem);
  draw();
}

/** What all tests are told. */
function asked(names) {
  const title = fields.title.value.trim() || names.join(' or ');
  return {
    title: title.slice(0, 120),
    question: fields.question.value.trim(),
    notes: fields.notes.value,
    trials: Number(fields.trials.value),
    repeats: Number(fields.repeats.value),
    max_votes: Number(fields.max_votes.value),
    is_one_room: fields.is_one_room.checked,
    is_lossless: fields.is_lossless.checked,
  };
}

function fromModels() {
  const models = selects().map((select) => select.value);
  if (models.some((one) => !one)) throw new StudioError('There is no model yet: train one on the page Train, or compare your own recordings.');
  const names = selects().map(({selectedOptions: [one]}) => one.dataset.name ?? one.textContent);
  if (new Set(models).size < models.length) throw new StudioError('Two versions are the same. Choose different ones.');
  const both = {
    ...asked(names),
    models,
    names,
    items: Number(fields.items.value),
    seed: Number(fields.seed.value),
    has_anchor: hasAnchor(),
  };
  if (fields.source.value === 'voices') return post('/api/listen/voices', {...both, program: Number(fields.ensemble.value)});
  if (fields.source.value === 'grooves') return post('/api/listen/grooves', {...both, bars: Number(fields.groove_bars.value), looseness: Number(fields.looseness.value)});
  return post('/api/listen', {
    ...both,
    bars: Number(fields.bars.value),
    key: fields.key.value || null,
    metre: fields.metre.value || null,
    temperature: Number(fields.temperature.value),
    program: Number(fields.program.value),
  });
}

async function make() {
  at('making-error').textContent = '';
  const wrong = [...form.querySelectorAll('input, select, textarea')].find((one) => one.offsetParent && !one.checkValidity());
  if (wrong) {
    wrong.reportValidity();
    return null;
  }
  form.querySelector('[type=submit]').disabled = true;
  try {
    const isModels = fields.source.value !== 'sounds';
    let job;
    const {key} = await working(at('making-work'), async (watching) => {
      job = isModels ? await fromModels() : await sounds.send(asked, watching);
      return keptJob('listen', job, watching);
    }, {label: isModels ? 'Making the pairs' : 'Levelling the recordings'});
    jobTaken('listen', job);
    return key;
  } catch (error) {
    if (error.name !== 'AbortError') at('making-error').textContent = error.message;
    return null;
  } finally {
    form.querySelector('[type=submit]').disabled = false;
  }
}

/** A test that was being made when the page was left. */
async function takeUp(onMade) {
  const job = await resumeJob('listen');
  if (!job) return;
  open(true);
  form.querySelector('[type=submit]').disabled = true;
  try {
    const {key} = await working(at('making-work'), (watching) => keptJob('listen', job, watching), {label: 'Making the pairs'});
    jobTaken('listen', job);
    done(key, onMade);
  } catch (error) {
    if (error.name !== 'AbortError') at('making-error').textContent = error.message;
  } finally {
    form.querySelector('[type=submit]').disabled = false;
  }
}
