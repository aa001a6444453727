/** The Models page. */
import {call, post, runJob} from '../kit/api.js';
import {preferChoice} from '../kit/choice.js';
import {download, promote, rollBack, showVerdict, verify} from './actions.js';
import {showComparison} from './compare.js';
import {showModel} from './detail.js';
import {modelList} from './list.js';
import {html} from './parts.js';

const byId = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
let selected = asked.get('version') ?? '';
let chosen = (asked.get('compare') ?? '').split(',').filter(Boolean);
let isComparing = chosen.length > 1;
let known = {shipped: [], versions: [], problem: '', isOpening: true};
let turn = 0; // an answer that came too late is not shown

/** Task to the page that uses its models. */
const USES = {melody: ['/compose', 'Compose with it'], harmonizer: ['/harmonize', 'Harmonize'], gesture: ['/gesture', 'Play with it']};

const list = modelList(byId('list'), {onOpen: open, onChoose: choose});

function keepAddress() {
  const address = new URL(location);
  address.search = isComparing ? new URLSearchParams({compare: chosen.join(',')}) : new URLSearchParams(selected ? {version: selected} : {});
  history.replaceState(null, '', address);
}

function drawList() {
  const task = byId('filter').value;
  const fits = (one) => !task || one.task === task;
  list.show({shipped: known.shipped.filter(fits), versions: known.versions.filter(fits), isOpening: known.isOpening}, {selected: isComparing ? '' : selected, chosen});
  byId('problem').hidden = !known.problem;
  byId('problem').textContent = known.problem;
  byId('compare').disabled = chosen.length < 2 || chosen.length > 6;
  byId('compare').textContent = chosen.length > 1 ? `Compare ${chosen.length}` : 'Compare';
  byId('chosen').textContent = chosen.length > 6 ? 'Six at most.' : chosen.length === 1 ? 'Tick one more.' : chosen.length ? '' : 'Tick two or more.';
}

function choose(reference, isOn) {
  chosen = chosen.filter((one) => one !== reference);
  if (isOn) chosen.push(reference);
  drawList();
}

async function told(path, body, label) {
  const own = ++turn;
  const wait = html('p', {class: 'panel muted', role: 'status'}, `${label} …`);
  const slow = setTimeout(() => own === turn && byId('view').replaceChildren(wait), 250);
  try {
    const found = await runJob(await post(path, body));
    return own === turn ? found : null;
  } catch (error) {
    if (own === turn) byId('view').replaceChildren(html('p', {class: 'models-problem', role: 'alert'}, error.message));
    return null;
  } finally {
    clearTimeout(slow);
  }
}

async function open(reference, {quietly = false} = {}) {
  [selected, isComparing] = [reference, false];
  keepAddress();
  drawList();
  const model = await told('/api/models/show', {reference}, `Opening ${reference}`);
  if (!model) return false;
  showModel(byId('view'), model, {buttons: buttons(model)});
  if (!quietly) byId('model-title').focus({preventScroll: innerWidth >= 960});
  return true;
}

function buttons(model) {
  const made = (text, kind, act) => {
    const button = html('button', {type: 'button', class: kind}, text);
    button.addEventListener('click', act);
    return button;
  };
  const own = [];
  if (USES[model.task]) {
    const [href, textContent] = USES[model.task];
    const link = html('a', {class: 'button', href, textContent});
    link.addEventListener('click', () => preferChoice(model.task, model.reference));
    own.push(link);
  }
  if (!model.is_shipped && !model.aliases.includes('champion')) own.push(made('Promote …', 'primary', () => promoted(promote(model), model)));
  if (!model.is_shipped && model.earlier.length) {
    own.push(made('Roll back …', '', async () => {
      if (await rollBack(model)) await refresh();
    }));
  }
  own.push(made('Download …', 'quiet', () => download(model)));
  if (model.is_hashed) own.push(made('Verify files', 'quiet', () => verify(model)));
  return own;
}

async function promoted(asking, model) {
  const verdict = await asking;
  if (!verdict) return;
  if (verdict.found.changed) await refresh();
  showVerdict(verdict, (again) => promoted(Promise.resolve(again), model));
}

async function compare({quietly = false} = {}) {
  isComparing = true;
  keepAddress();
  drawList();
  const found = await told('/api/models/compare', {references: chosen}, 'Opening them');
  if (!found) return;
  showComparison(byId('view'), found);
  if (!quietly) byId('compare-title').focus({preventScroll: innerWidth >= 960});
}

async function refresh() {
  known = await call('/api/models');
  const there = [...known.shipped, ...known.versions].map((one) => one.reference);
  const aliased = known.versions.find((one) => one.aliases.some((alias) => `${one.name}@${alias}` === selected));
  if (aliased) selected = aliased.reference;
  chosen = chosen.filter((one) => there.includes(one));
  isComparing &&= chosen.length > 1;
  drawList();
  if (isComparing) return compare({quietly: true});
  const first = known.versions[0]?.reference ?? known.shipped[0]?.reference;
  const next = there.includes(selected) ? selected : first;
  if (next) return open(next, {quietly: true});
  byId('view').replaceChildren(html('p', {class: 'panel muted'}, 'There is no model yet.'));
  return undefined;
}

byId('filter').addEventListener('change', drawList);
byId('compare').addEventListener('click', () => compare());

/** What ships is there at once; a registry may take seconds to open. */
async function showShipped() {
  const {shipped} = await call('/api/models/shipped');
  if (!known.isOpening) return;
  known = {...known, shipped};
  drawList();
}

showShipped().catch(() => {}); // what is wrong is said by the whole answer
await refresh();
