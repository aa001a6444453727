/** The Train page. */
import {call, post, runJob} from '../kit/api.js';
import {watchConnection} from '../kit/connection.js';
import {ask, dialog} from '../kit/dialog.js';
import {notice} from '../kit/notices.js';
import {Detail} from './detail.js';
import {newTraining} from './form.js';
import {runList} from './list.js';
import {Runs} from './store.js';

const byId = (id) => document.getElementById(id);
const MOST_LAID = 5;
const [LIVE_MS, QUIET_MS] = [2500, 8000];

const store = new Runs();
const connection = watchConnection({onLost: drawAll, onBack: () => refresh().catch(() => {})});
const registered = new Map(); // run -> the version that it became while the page was open
const detail = new Detail();
const asked = new URLSearchParams(location.search);
let selected = asked.get('run') ?? '';
let laid = (asked.get('with') ?? '').split(',').filter(Boolean);
let runs = [];
let timer = 0;

const list = runList(byId('runs'), {onOpen: open, onLay: lay});
const form = newTraining(byId('start'), {
  onStarted: async (run) => {
    showForm(false);
    laid = []; // what was laid over another run says nothing of this one
    await refresh();
    await open(run);
    byId('detail').scrollIntoView({block: 'nearest'});
    notice('The training is in line; it begins in a moment.', 'good');
  },
});

function showForm(isOpen, like) {
  byId('start').hidden = !isOpen;
  byId('nothing').hidden = isOpen || Boolean(runs.length);
  byId('new').setAttribute('aria-expanded', String(isOpen));
  if (isOpen) return form.open(like);
  return form.close();
}

function keepAddress() {
  const address = new URL(location);
  address.search = new URLSearchParams({...(selected && {run: selected}), ...(laid.length && {with: laid.join(',')})});
  history.replaceState(null, '', address);
}

async function open(id) {
  selected = id;
  laid = laid.filter((one) => one !== id);
  keepAddress();
  drawList();
  await draw();
}

async function lay(id, isOn) {
  laid = laid.filter((one) => one !== id);
  if (isOn && !selected) return open(id);
  if (isOn && laid.length === MOST_LAID) {
    notice(`${MOST_LAID + 1} runs are as many as the eye can follow. Take one away first.`);
  } else if (isOn) laid.push(id);
  keepAddress();
  drawList();
  return draw();
}

/** A run that may have learned on, or ended: nobody says so while the studio does not answer. */
function unheard(run) {
  return run.is_live ? {...run, is_live: false, state: {...run.state, state: 'unheard'}} : run;
}

function drawList() {
  const task = byId('filter').value;
  const shown = runs.filter((run) => !task || run.task === task);
  list.show(connection.isLost ? shown.map(unheard) : shown, selected, laid);
}

function drawAll() {
  drawList();
  draw().catch(() => {}); // what was never loaded cannot be now
}

async function draw() {
  const isNone = !runs.length;
  byId('nothing').hidden = !isNone || !byId('start').hidden;
  byId('runs').closest('section').hidden = isNone;
  if (!runs.some((run) => run.id === selected)) {
    byId('detail').hidden = true;
    return;
  }
  laid = laid.filter((id) => runs.some((run) => run.id === id));
  store.only([selected, ...laid]);
  const [run, ...others] = await Promise.all([selected, ...laid].map((id) => store.load(id)));
  if (run.id !== selected) return;
  detail.show(connection.isLost ? unheard(run) : run, others);
  drawRegistered(run);
  drawButtons(run);
  drawCompared(others);
}

function drawButtons(run) {
  const key = JSON.stringify([run.id, run.state.state, run.state.hears, run.is_ready, run.can_continue]);
  const place = byId('detail-buttons');
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const parts = [];
  const add = (text, kind, act) => {
    const made = Object.assign(document.createElement('button'), {type: 'button', textContent: text, className: kind});
    made.addEventListener('click', () => act(run).catch((error) => notice(error.message, 'bad')));
    parts.push(made);
  };
  if (run.is_live && run.state.state !== 'stopping' && (run.state.by === 'studio' || run.state.hears)) add('Stop', '', stop);
  const hasFailed = run.state.state === 'failed';
  if (hasFailed) add('Train again with other settings', 'primary', trainAgain);
  if (!run.is_live && run.can_continue) add('Continue …', run.state.state === 'done' || hasFailed ? '' : 'primary', goOn);
  if (run.is_ready && !run.is_live) add('Register …', run.state.state === 'done' ? 'primary' : '', register);
  const table = Object.assign(document.createElement('a'), {
    className: 'train-link', textContent: 'Curves as CSV', href: `/api/train/runs/${run.id}/curves.csv`, download: '',
  });
  parts.push(table);
  if (!run.is_live && !hasFailed) add('Train again with other settings', 'quiet', trainAgain);
  if (run.is_own && !run.is_live) add('Delete …', 'quiet', remove);
  place.replaceChildren(...parts);
}

function drawCompared(others) {
  const place = byId('compared');
  place.hidden = !others.length;
  place.replaceChildren('Laid over it:', ...others.map((run) => {
    const chip = Object.assign(document.createElement('span'), {className: 'train-chip', textContent: run.name});
    const away = Object.assign(document.createElement('button'), {type: 'button', className: 'quiet', textContent: '×', ariaLabel: `Take ${run.name} away`});
    away.addEventListener('click', () => lay(run.id, false));
    chip.append(away);
    return chip;
  }));
}

async function stop(run) {
  await post(`/api/train/runs/${run.id}/stop`);
  notice('It ends in a moment. What it learned in whole epochs is kept, and it can be continued exactly there.');
  await refresh();
}

async function trainAgain(run) {
  const like = await runJob(await call(`/api/train/runs/${run.id}/again`));
  await showForm(true, like);
  byId('start').scrollIntoView({block: 'start'});
}

async function goOn(run) {
  const unit = run.task === 'harmonizer' ? 'episode' : 'epoch';
  const done = Math.max(0, ...run.curves.map((one) => one.epochs.at(-1)?.n ?? 0));
  const planned = run.state.epochs || done;
  const wanted = run.state.state === 'done' ? planned * 2 : planned > done && planned;
  const input = Object.assign(document.createElement('input'), {type: 'number', min: 1, value: wanted || '', placeholder: 'as planned', name: 'epochs'});
  const label = Object.assign(document.createElement('label'), {className: 'field', textContent: unit === 'epoch' ? 'Epochs in all ' : 'Episodes in all '});
  label.append(input);
  const isCut = unit === 'episode' && run.state.state === 'interrupted';
  const from = isCut ? 'from its last checkpoint' : 'exactly where it ended';
  const how = done || unit === 'episode' ? `It goes on ${from}` : 'It begins anew';
  const words = Object.assign(document.createElement('p'), {
    className: 'muted', textContent: `${done === 1 ? `1 ${unit} is` : `${done.toLocaleString('en')} ${unit}s are`} done. ${how}, with its own settings.`,
  });
  const content = document.createElement('div');
  content.className = 'stack';
  content.append(label, words);
  const accept = () => post(`/api/train/runs/${run.id}/continue`, {epochs: input.value === '' ? null : Number(input.value)});
  const buttons = [{text: 'Cancel', value: ''}, {text: 'Continue', value: 'yes', kind: 'primary'}];
  if (await dialog({title: `Continue ${run.name}`, content, buttons, accept})) await refresh();
}

async function register(run) {
  const {nameField} = await import('./register.js');
  const made = await nameField(run);
  if (!made) return;
  notice(`Registered as ${made}.`, 'good');
  registered.set(run.id, made);
  await draw();
}

function drawRegistered({id}) {
  const made = registered.get(id);
  if (!made) return;
  const link = Object.assign(document.createElement('a'), {href: `/models?version=${encodeURIComponent(made)}`, textContent: made});
  byId('detail-about').append(' · registered as ', link);
}

async function remove(run) {
  const isSure = await ask({
    title: `Delete ${run.name}?`, isDangerous: true, yes: 'Delete',
    text: 'Its models and curves are taken away for good. Versions that were registered from it stay.',
  });
  if (!isSure) return;
  await call(`/api/train/runs/${run.id}`, {method: 'DELETE', headers: {'Content-Type': 'application/json'}});
  selected = '';
  keepAddress();
  await refresh();
}

async function refresh() {
  clearTimeout(timer);
  ({runs} = await call('/api/train/runs'));
  store.tell(runs);
  if (!selected && runs.length) selected = runs[0].id;
  drawList();
  await draw();
  const wait = runs.some((run) => run.is_live) ? LIVE_MS : QUIET_MS;
  timer = setTimeout(again, wait);
}

function again() {
  if (document.hidden) timer = setTimeout(again, LIVE_MS);
  else refresh().catch(() => (timer = setTimeout(again, QUIET_MS)));
}

store.addEventListener('change', ({detail: id}) => (id === selected || laid.includes(id)) && draw());
store.addEventListener('over', async ({detail: id}) => {
  await store.load(id, {again: true});
  await refresh();
});
byId('filter').addEventListener('change', drawList);
byId('new').addEventListener('click', () => showForm(byId('start').hidden));
byId('first').addEventListener('click', () => showForm(true));
byId('close').addEventListener('click', () => {
  showForm(false);
  byId('new').focus();
});
document.addEventListener('visibilitychange', () => document.hidden || refresh().catch(() => {}));
await refresh();
