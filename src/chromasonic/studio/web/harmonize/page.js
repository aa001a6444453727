/** The Harmonize page: a melody is given, agents set it, settings are heard, compared and judged. */
import {call, post, upload} from '../kit/api.js';
import {downloads, fileName, pieceFiles} from '../kit/downloads.js';
import {dropzone} from '../kit/dropzone.js';
import {notice} from '../kit/notices.js';
import {Player, transport} from '../kit/player.js';
import {working} from '../kit/progress.js';
import {address, inAddress, jobTaken, keptJob, remember, resumeJob} from '../kit/remember.js';
import {ScoreView} from '../kit/score.js';
import {shelfList} from '../kit/shelf.js';
import {soundFile, voicesOf} from '../kit/sound.js';
import {tabs} from '../kit/tabs.js';
import {fillChoirs, mixer} from './mixer.js';
import {momentsOf, pretty, RuleList, wordsOf} from './rules.js';
import {comparisonTable, settingCards} from './settings.js';
import {ACCEPT, MelodySource, TAKEN} from './source.js';

const JOB = 'harmonize';
const WORDS = {'harmonize-check': 'Naming chords, looking for breaches'}; // of jobs that set no voices
const AHEAD = 400; // milliseconds: then the sound is made, so that it is there when it is wanted
const KINDS = {fault: 'fault', weakness: 'hint', taste: 'taste', merit: 'good', ornament: 'good'};
const find = (selector) => document.querySelector(selector);
const [toSet, toCheck] = [find('#to-set'), find('#to-check')];

remember(toSet, 'harmonize', {except: []});
const source = new MelodySource(toSet);
const purposes = tabs(find('#purposes'), {onChange: (id) => (find('#ask-title').textContent = id === 'to-set' ? 'A melody' : 'A setting of yours')});
const player = new Player();
const program = fillChoirs(find('#instrument'));
const view = new ScoreView(find('#score'));
const rules = new RuleList(find('#rules'));
let settings = []; // of the piece that is shown
let shown = -1;
let loaded = null; // the setting and the instrument that the player has
let loading = null; // {wanted, done} of those that are on their way
let cards = null;
let strips = null;
let duration = 0;
let followed = null; // id of the job that is waited for

view.follow(player);
const bar = transport(find('#transport'), player, {prepare: () => load(), duration: () => duration, label: 'Playback of the setting'});
rules.addEventListener('filter', ({detail}) => view.mark(momentsOf(detail).flatMap(drawn)));
rules.addEventListener('choose', ({detail}) => light(detail));
view.addEventListener('mark', ({detail}) => rules.choose(detail.first));
for (const name of ['play', 'pause', 'end', 'load']) player.addEventListener(name, () => cards?.playing(player.isPlaying ? shown : null));

// Asking.

toSet.addEventListener('submit', async (event) => {
  event.preventDefault();
  const agents = chosenAgents();
  if (source.isEmpty) return source.say('Type a melody first, drop a file, or take one that is ready.');
  if (!agents.length) return source.say('Choose at least one agent.');
  await make('/api/harmonize/settings', {source: source.wanted, agents, count: Number(toSet.elements.count.value)}, (words) => source.say(words));
});

toCheck.addEventListener('submit', (event) => {
  event.preventDefault();
  check({text: find('#setting-text').value});
});

for (const ready of toCheck.querySelectorAll('[data-abc], [data-example]')) {
  ready.addEventListener('click', () => {
    if (ready.dataset.example) return check({example: ready.dataset.example, name: ready.textContent});
    find('#setting-text').value = ready.dataset.abc;
    check({text: ready.dataset.abc});
  });
}

dropzone(find('#setting-drop'), {
  accept: ACCEPT, label: 'Drop a setting here, or choose a file', hint: `${TAKEN}, four voices`,
  onFile: async (file) => {
    const {upload: id, name} = await upload('/api/uploads', file);
    await check({upload: id, name});
  },
});

function check(given) {
  return make('/api/harmonize/checks', {source: given}, (words) => {
    find('#setting-bad').textContent = words;
    find('#setting-bad').hidden = !words;
  });
}

/** Agents that were trained or registered here stand beside those that ship. */
async function offerAgents() {
  const {choices} = await call('/api/choices?task=harmonizer');
  for (const {ref, label, kind, group, summary} of choices) {
    const known = toSet.querySelector(`#agents [value="${kind}"]`);
    if (group === 'Shipped' || !known) continue;
    const card = known.closest('.agent').cloneNode(true);
    const box = card.querySelector('input');
    Object.assign(box, {checked: false, name: `agent-${ref}`});
    box.dataset.models = ref;
    card.querySelector('strong').textContent = label;
    card.querySelector('.small').textContent = summary || `${known.closest('.agent').querySelector('strong').textContent}, trained here.`;
    find('#agents').append(card);
  }
}

function chosenAgents() {
  return [...toSet.querySelectorAll('#agents input:checked')].map(({value, dataset}) => ({agent: value, models: dataset.models ?? null}));
}

/** Ask for settings, wait, show them; what is wrong is said where it was given. */
async function make(path, wishes, say) {
  say('');
  source.keep();
  try {
    await follow(await post(path, wishes));
  } catch (error) {
    if (error.name !== 'AbortError') say(error.message);
  }
}

async function follow(job) {
  player.pause();
  followed = job.id;
  const label = WORDS[job.kind] ?? 'Setting the voices';
  const {piece} = await working(find('#working'), (watching) => keptJob(JOB, job, watching), {label});
  inAddress({piece, shown: null, from: null}, {push: true});
  jobTaken(JOB, job);
  await showPiece(piece, {isNew: true});
}

// Showing.

async function showPiece(id, {isNew = false} = {}) {
  const piece = await call(`/api/pieces/${id}`);
  settings = piece.data.settings;
  const {asked} = piece.data;
  find('#result').hidden = false;
  find('#result-title').textContent = piece.title;
  const facts = [pretty(piece.data.key), piece.data.metre ?? 'free metre'].join(', ');
  find('#result-said').textContent = [facts, ...piece.data.said ?? []].join('. ');
  find('#ask').open = false;
  find('#ask').classList.remove('is-first');
  find('#ask-title').textContent = asked.kind === 'setting' ? 'Check another setting, or set a melody' : 'Change the melody or the agents';
  const chosen = Math.max(0, settings.findIndex((one) => one.piece === address().shown));
  cards = settingCards(find('#settings'), settings, {
    chosen,
    onChoose: (index) => showSetting(index),
    onPlay: async (index) => {
      if (index !== shown) await showSetting(index);
      await bar.toggle();
    },
  });
  find('#settings').hidden = settings.length < 2 && asked.kind === 'setting';
  find('#compared').hidden = settings.length < 2;
  comparisonTable(find('#compared .scrolls'), settings);
  await showSetting(chosen);
  listEarlier(id);
  if (isNew) reveal(find('#result'));
  return asked;
}

/** What was set before; a problem with the list is no reason to stop. */
function listEarlier(here = '') {
  const go = (piece) => {
    silence(); // no sound is made any more of what was shown
    inAddress({piece, shown: null, from: null}, {push: true});
    return start();
  };
  return shelfList(find('#earlier'), {
    kind: 'harmony', here, route: '/api/harmonize/settings', hrefOf: (id) => `/harmonize?piece=${id}`,
    onRemove: (id) => id === here && go(null), onBack: (id) => id === here && go(id),
  }).catch(() => { find('#earlier').hidden = true; });
}

/** Nothing is shown: nothing can be played. */
function silence() {
  player.unload();
  loaded = loading = null;
  shown = -1;
}

async function showSetting(index) {
  shown = index;
  const {piece: id, voices, label} = settings[index];
  const at = player.isPlaying ? player.position : null;
  player.pause();
  cards.choose(index);
  find('#result').ariaBusy = 'true';
  if (settings.length > 1) inAddress({shown: id});
  const files = `/api/pieces/${id}`;
  const piece = await call(files);
  if (shown !== index) return;
  player.unload();
  loaded = loading = null;
  strips = mixer(find('#mixer'), player, voices);
  find('#letters').textContent = piece.data.table;
  find('#print-title').textContent = piece.title;
  downloads(find('#files'), [
    ...pieceFiles(piece, (one, form) => soundFile(one, form, {program: program()})),
    {label: 'WAV as heard', title: 'With the voices as they are set above: for practising one part', name: fileName(piece.title, '-as-heard.wav'), make: asHeard},
  ]);
  await view.show({svg: `${files}/score.svg`, timeline: `${files}/timeline.json`});
  if (shown !== index) return;
  find('#score').ariaLabel = `Score of ${label}, ${voices.length === 4 ? 'in four parts' : 'in two parts'}`;
  duration = view.timeline.duration;
  player.dispatchEvent(new Event('time')); // the bar shows how long it is
  rules.show(piece.data.marks);
  find('#result').ariaBusy = 'false';
  if (at !== null) {
    await load();
    player.seek(Math.min(at, player.duration));
    await player.play();
  } else setTimeout(() => shown === index && load().catch(() => {}), AHEAD);
}

/** The voices of the setting that is shown, into the player. */
async function load() {
  if (shown < 0) return;
  const wanted = `${settings[shown].piece} ${program()}`;
  if (loaded === wanted) return;
  // Whoever asks while it is on its way waits for the same: loading anew would stop the sound.
  if (loading?.wanted !== wanted) loading = {wanted, done: loadVoices(settings[shown].piece, wanted)};
  await loading.done;
}

/** The address of one file with the voices as they are set: muted ones are left out. */
async function asHeard() {
  await load();
  if (!player.stems.some(({isHeard}) => isHeard)) throw new Error('No voice is heard: every one is muted or turned down.');
  const url = URL.createObjectURL(await player.mixed());
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return url;
}

async function loadVoices(piece, wanted) {
  try {
    const voices = await voicesOf(piece, {program: program()});
    if (loading?.wanted !== wanted) return;
    await player.load(voices);
    loaded = wanted;
    strips.apply();
  } finally {
    if (loading?.wanted === wanted) loading = null;
  }
}

find('#instrument').addEventListener('change', async () => {
  const at = player.position;
  const wasPlaying = player.isPlaying;
  player.unload();
  loaded = loading = null;
  await load();
  player.seek(at);
  if (wasPlaying) await player.play();
});

/** One badge over a moment, and a frame around the notes of each rule that is broken there. */
function drawn({number, marks}) {
  const group = `moment-${number}`;
  const badge = {
    id: group, label: number, kind: KINDS[marks[0].gravity], frame: false, first: marks[0].id,
    notes: marks.flatMap(({here, notes}) => (here.length ? here : notes)), text: wordsOf(marks),
  };
  return [badge, ...marks.map((mark) => ({
    id: mark.id, group, kind: KINDS[mark.gravity], notes: mark.notes, text: wordsOf([mark]), badge: false,
  }))];
}

/** Light a broken rule's notes and bring them into sight. */
function light(mark) {
  view.emphasize(mark.id);
  const place = find(`#score [data-mark="${mark.id}"]`);
  const box = place?.getBoundingClientRect();
  if (box && (box.top < 80 || box.bottom > innerHeight - 140)) reveal(place, 'center');
}

function reveal(element, block = 'start') {
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({block, behavior: isStill ? 'auto' : 'smooth'});
}

find('#print').addEventListener('click', () => print());

// Coming back.

addEventListener('popstate', () => start());

async function start() {
  const {piece, from} = address();
  find('#result').hidden = !piece;
  if (!piece) listEarlier();
  try {
    if (piece) {
      const asked = await showPiece(piece);
      restore(asked);
    } else if (from) await source.fromPiece(from);
    else if (source.isEmpty) await source.type(find('[data-abc]').dataset.abc);
    else await source.preview();
  } catch (error) {
    notice(error.message, 'bad');
    find('#result').hidden = true;
    silence();
    inAddress({piece: null, from: null, shown: null});
  }
  const job = await resumeJob(JOB);
  // Whoever goes back while it works waits for it already.
  if (job && job.id !== followed) await follow(job).catch((error) => error.name !== 'AbortError' && notice(error.message, 'bad'));
}

function restore(asked) {
  if (asked.kind === 'setting') {
    purposes.show('to-check');
    find('#setting-text').value = asked.source.text ?? '';
    return source.preview();
  }
  for (const box of toSet.querySelectorAll('#agents input')) {
    box.checked = asked.agents.some(({agent, models}) => agent === box.value && (models ?? null) === (box.dataset.models ?? null));
  }
  toSet.elements.count.value = String(asked.count);
  return source.restore(asked.source);
}

offerAgents().catch(() => {}); // what ships is there in any case
start();
