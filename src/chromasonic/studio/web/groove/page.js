/** The Groove page: a beat, written and played, to be switched between while it goes round. */
import {call, post, runJob, upload} from '../kit/api.js';
import {fillChoices} from '../kit/choice.js';
import {downloads} from '../kit/downloads.js';
import {dropzone} from '../kit/dropzone.js';
import {notice} from '../kit/notices.js';
import {jobTaken, keptJob, resumeJob} from '../kit/remember.js';
import {transport} from '../kit/transport.js';
import {isOpen, showChannels, toldFile} from './channels.js';
import {Controls} from './controls.js';
import {Cursor} from './cursor.js';
import {Grid} from './grid.js';
import {Lanes} from './lanes.js';
import {LoopPlayer} from './loop.js';
import {Pattern} from './pattern.js';
import {drawTable} from './table.js';

const $ = (id) => document.getElementById(id);
const WAIT_MS = 180;
const READING = 'groove-reading';

const pattern = new Pattern();
const player = new LoopPlayer();
const grid = new Grid($('grid'), pattern);
const lanes = new Lanes($('lanes'), player);
const controls = new Controls(pattern);
const cursor = new Cursor($('cursor'), $('grid'), player, pattern);

let drums = [];
let isWide = false; // whether rarer drums are shown too
let source = null; // the file that is shown instead of the grid
let piece = null; // what was played last
let hits = null;
let mine = null; // the draft that the next one takes the place of
let isBusy = false;
let isStale = false;
let timer = 0;

function shownDrums() {
  const used = pattern.pitches();
  const known = drums.filter(({shown, pitch}) => isWide || shown === 'usual' || used.has(pitch));
  const others = [...used].filter((pitch) => !drums.some((drum) => drum.pitch === pitch));
  return [...others.map((pitch) => ({name: `Drum ${pitch}`, pitch})), ...known];
}

let built = '';
function drawGrid() {
  const shown = shownDrums();
  const form = `${pattern.metre}|${pattern.steps}|${shown.map(({pitch}) => pitch)}`;
  if (form !== built) grid.build(shown);
  built = form;
  $('more').textContent = isWide ? 'Fewer drums' : 'More drums';
  $('more').setAttribute('aria-expanded', String(isWide));
  paint();
}

/** Draw hits as they are heard: as written, or as struck. */
function paint() {
  const isHumanized = player.version === 'humanized';
  $('legend').hidden = !isHumanized;
  if (source) {
    lanes.show(hits, {isHumanized});
  } else {
    grid.paint(isHumanized ? playedHits() : null, 15_000 / pattern.tempo);
  }
}

function playedHits() {
  if (!hits?.step) return null;
  return new Map(hits.step.map((step, n) => [
    `${step}:${hits.pitch[n]}`, {velocity: hits.played[n], shift: hits.shift[n]},
  ]));
}

function say(text, isBad = false) {
  $('status').textContent = text;
  $('status').classList.toggle('bad', isBad);
}

/** What is on the page is played anew, as soon as whoever draws stops for a moment. */
function schedule() {
  clearTimeout(timer);
  timer = setTimeout(renew, WAIT_MS);
}

async function renew() {
  isStale = true;
  if (isBusy) return;
  isBusy = true;
  while (isStale) {
    isStale = false;
    try {
      await playOnce();
    } catch (error) {
      if (error.name !== 'AbortError') say(error.message, true);
    }
  }
  isBusy = false;
}

function wishes(more = {}) {
  const feel = {...controls.feel(), title: controls.title, replaces: mine, ...more};
  return source
    ? {...feel, source: source.id, quantize: $('quantize').checked}
    : {...feel, pattern: pattern.toJSON()};
}

async function ask(more) {
  const way = source ? 'files' : 'patterns';
  const asked = {of: source?.id, began: performance.now()};
  const result = await runJob(await post(`/api/groove/${way}`, wishes(more)), {
    onProgress: ({message}) => {
      if (message && performance.now() - asked.began > 500) say(`${message} …`);
    },
  });
  return call(`/api/pieces/${result.piece}`);
}

async function playOnce() {
  if (!source && pattern.isEmpty) {
    player.pause();
    hits = null;
    downloads($('downloads'), []);
    say('The grid is empty: press a cell, or start from a pattern.');
    return paint();
  }
  if (source && isOpen(source)) {
    player.unload();
    downloads($('downloads'), []);
    return say('');
  }
  if (!controls.feel().model) {
    return say('There is no drummer yet: train a groove model on the Train page.', true);
  }
  const made = await ask();
  await show(made, {isMine: true});
}

/** Show and load a piece that was played. */
async function show(made, {isMine = false} = {}) {
  const found = await call(`/api/pieces/${made.id}/hits.json`);
  if (isMine && isStale) { // something newer is on its way; this one only has to make room
    mine = made.id;
    return;
  }
  [piece, hits] = [made, found];
  mine = made.kind === 'groove-draft' ? made.id : null;
  await player.load({
    straight: `/api/pieces/${made.id}/straight.wav`,
    humanized: `/api/pieces/${made.id}/humanized.wav`,
  });
  say(told(made));
  paint();
  drawTable($('table'), hits, pattern, drums);
  downloads($('downloads'), [
    {label: 'Humanized MIDI', url: `/api/pieces/${made.id}/humanized.mid?download=humanized`},
    {label: 'Humanized WAV', url: `/api/pieces/${made.id}/humanized.wav?download=humanized`},
    {label: 'Straight MIDI', url: `/api/pieces/${made.id}/straight.mid?download=straight`},
    {label: 'Straight WAV', url: `/api/pieces/${made.id}/straight.wav?download=straight`},
  ]);
}

function told({data}) {
  if (data.made_up) return 'This model was trained on made-up bars: it is no drummer.';
  if (source && data.seconds > data.heard) {
    return `The first ${data.heard / 60} minutes sound here; the MIDI files are whole.`;
  }
  return '';
}

/** The address holds all that is on the page: a reload or a bookmark brings it back. */
function keepAddress() {
  const query = source ? `?source=${source.id}` : '';
  const parts = new URLSearchParams(source ? '' : pattern.toAddress());
  for (const [name, value] of Object.entries(controls.feel())) {
    if (name !== 'model' && value !== controls.usual[name]) parts.set(name, value);
  }
  const hash = String(parts) ? `#${parts}` : '';
  history.replaceState(null, '', `${location.pathname}${query}${hash}`);
  if (!source) localStorage.setItem('chromasonic-groove', hash.slice(1));
}

async function openSource(id, {title} = {}) {
  source = await call(`/api/pieces/${id}`);
  $('file-name').textContent = source.data.name;
  $('file-told').textContent = toldFile(source);
  showChannels(source);
  $('take').hidden = !source.data.pattern;
  controls.title = title ?? source.title;
  player.loop = null;
  swap();
}

function openGrid() {
  source = null;
  controls.title = pattern.title;
  player.loop = {};
  swap();
}

function swap() {
  player.pause();
  [hits, mine] = [null, null];
  $('grid-setting').hidden = $('grid').hidden = $('keys').hidden = $('grid-ends').hidden = Boolean(source);
  $('file-setting').hidden = $('lanes').hidden = !source;
  document.querySelector('.stage').hidden = Boolean(source) && isOpen(source); // nothing is heard yet
  cursor.isOn = !source;
  $('metre-told').hidden = Boolean(source) || pattern.metre === '4/4';
  lanes.clear();
  if (!source) drawGrid();
  keepAddress();
  schedule();
}

function takeFile() {
  const {data, title} = source;
  openGrid();
  pattern.take({...data.pattern, name: title});
  controls.show();
}

async function sent(file) {
  const {upload: id, name} = await upload('/api/uploads', file);
  await take(await post('/api/groove/readings', {upload: id, name}));
}

/** Follow the reading of a file, this visit's or one that a reload broke off; show what was read. */
async function take(job, wanted) {
  const read = await keptJob(READING, job);
  await openSource(read.piece, wanted);
  jobTaken(READING, job);
}

/** Read the file that is shown anew, its drums on another channel. */
async function chooseChannel() {
  const [field, {id}] = [$('channel'), source];
  field.disabled = true;
  try {
    await take(await post('/api/groove/channels', {source: id, channel: Number(field.value)}), {title: controls.title});
  } catch (error) {
    if (error.name !== 'AbortError') notice(error.message, 'bad');
    if (source?.id === id) showChannels(source);
  } finally {
    field.disabled = false;
  }
}

async function keep(event) {
  event.preventDefault();
  const button = $('keep').querySelector('button');
  button.disabled = true;
  try {
    const made = await ask({keep: true, replaces: null});
    notice(`“${made.title}” is kept. It stands under “Start from”, and at this page's address.`, 'good');
    await controls.listKept();
    history.replaceState(null, '', `${location.pathname}?piece=${made.id}`);
  } catch (error) {
    notice(error.message, 'bad');
  } finally {
    button.disabled = false;
  }
}

/** Take up what was kept: its pattern or file, and how it was played. */
async function openKept(id) {
  const found = await call(`/api/pieces/${id}`);
  const {wishes: wanted} = found.data;
  controls.takeFeel(wanted);
  if (wanted.source) {
    $('quantize').checked = wanted.quantize;
    return openSource(wanted.source, {title: found.title});
  }
  if (source) openGrid();
  pattern.take({...wanted.pattern, name: found.title});
  controls.show();
}

async function begin() {
  const told = await call('/api/groove/starts');
  drums = told.drums;
  controls.setStarts(told.starts);
  await Promise.all([fillChoices($('model'), 'companion:groove'), controls.listKept()]);
  controls.show();
  const query = new URLSearchParams(location.search);
  const hash = location.hash.slice(1);
  try {
    if (query.get('piece')) await openKept(query.get('piece'));
    else if (query.get('source')) {
      controls.takeFeel(Object.fromEntries(new URLSearchParams(hash)));
      await openSource(query.get('source'));
    }
  } catch (error) {
    say(error.message, true);
    source = null;
  }
  if (!source && !query.get('piece')) {
    const before = hash || localStorage.getItem('chromasonic-groove') || '';
    controls.takeFeel(Object.fromEntries(new URLSearchParams(before)));
    if (!pattern.takeAddress(before)) pattern.take(told.starts.find(({key}) => key === 'funk'));
  }
  if (!source) {
    controls.show();
    drawGrid();
  }
  listen();
  schedule();
  const reading = await resumeJob(READING);
  if (reading) await take(reading).catch((error) => error.name === 'AbortError' || say(error.message, true));
}

/** Let the edge fade while more of the grid lies beyond it. */
function fade() {
  const box = $('scroller');
  box.classList.toggle('has-more', box.scrollWidth - box.clientWidth - box.scrollLeft > 8);
}

function listen() {
  $('scroller').addEventListener('scroll', fade, {passive: true});
  new ResizeObserver(fade).observe($('grid'));
  addEventListener('resize', fade);
  addEventListener('hashchange', () => location.reload()); // an address that was pasted
  const bar = transport($('transport'), player, {label: 'Play the beat'});
  pattern.addEventListener('change', () => {
    if (source) return;
    drawGrid();
    keepAddress();
    schedule();
  });
  controls.addEventListener('feel', () => {
    keepAddress();
    schedule();
  });
  controls.addEventListener('title', keepAddress);
  controls.addEventListener('brush', () => { grid.brush = controls.brush; });
  controls.addEventListener('version', () => player.choose(controls.version));
  controls.addEventListener('kept', ({detail}) => openKept(detail).catch((error) => notice(error.message, 'bad')));
  player.addEventListener('version', paint);
  $('more').addEventListener('click', () => {
    isWide = !isWide;
    drawGrid();
  });
  $('clear').addEventListener('click', () => pattern.clear());
  $('leave').addEventListener('click', openGrid);
  $('take').addEventListener('click', takeFile);
  $('quantize').addEventListener('change', schedule);
  $('channel').addEventListener('change', chooseChannel);
  $('keep').addEventListener('submit', keep);
  $('table').addEventListener('toggle', () => drawTable($('table'), hits, pattern, drums));
  dropzone($('drop'), {
    accept: '.mid,.midi',
    label: 'Drop a MIDI file with drums, or choose one',
    hint: 'Its drums (channel 10, or the one you choose) are humanized; all else in it stays.',
    onFile: sent,
  });
  return bar;
}

player.loop = {};
begin().catch((error) => say(error.message, true));
