/** The Gesture page: a recording in, its landmarks in motion, what they mean and what they play. */
import {call, post, runJob, upload} from '../kit/api.js';
import {fillChoices} from '../kit/choice.js';
import {downloads} from '../kit/downloads.js';
import {dropzone} from '../kit/dropzone.js';
import {working} from '../kit/progress.js';
import {address, inAddress, jobTaken, keptJob, resumeJob} from '../kit/remember.js';
import {shelfList} from '../kit/shelf.js';
import {transport} from '../kit/transport.js';
import {Clock} from './clock.js';
import {listEvents} from './events.js';
import {Film} from './film.js';
import {MappingForm} from './mapping.js';
import {Now} from './now.js';
import {Stage} from './stage.js';
import {Timeline} from './timeline.js';

const $ = (id) => document.getElementById(id);
const ACCEPTED = '.npz,.csv,.tsv,.json,.jsonl,.ndjson,.bvh,.sign';
const [JOB, READING] = ['gesture', 'gesture-reading'];

const clock = new Clock();
const stage = new Stage($('stage'));
const timeline = new Timeline($('timeline'), clock);
const now = new Now($('now'), (name) => timeline.colourOf(name));
const mapping = new MappingForm($('mapping'));

let recording = null;
let film = null;
let piece = null;
let values = null; // of which model the beats and moods are known
let running = null;

function say(text, isBad = false) {
  $('status').textContent = text;
  $('status').classList.toggle('bad', isBad);
}

/** Show a recording that the studio has. */
async function open(id) {
  const found = await call(`/api/pieces/${id}`);
  film = await Film.of(id);
  recording = found;
  piece = null;
  inAddress({recording: id, piece: null});
  $('empty').hidden = true;
  $('shown').hidden = false;
  $('title').textContent = found.title;
  $('told').textContent = told(film.told);
  $('stage').setAttribute('aria-label', pictured());
  $('flip').hidden = film.dimensions < 2;
  $('turn-told').hidden = film.dimensions < 3;
  for (const place of [timeline, now]) place.clear();
  $('result').hidden = true;
  clock.load(film.seconds, null);
  clock.seek(0);
  stage.show(film);
}

function told({recorded, rate, nodes, unseen, skeleton}) {
  const missing = unseen > 0.005 ? `; ${Math.round(unseen * 100)} % unseen` : '';
  const pace = rate >= 10 ? Math.round(rate) : rate.toFixed(1);
  return `${recorded.toLocaleString('en')} frames, ${pace} a second; ${nodes.length} landmarks (${skeleton})${missing}`;
}

function pictured() {
  const depth = film.dimensions === 3 ? ' Drag, or press arrow keys, to turn it.' : '';
  return `${recording.title}: ${film.nodes.length} landmarks in motion.${depth}`;
}

/** Find gestures and play them, as the page is set; the last question counts. */
async function recognize(job = null) {
  if (!recording) return;
  if (!job && !$('model').value) return say('There is no model yet: train one on the Train page.', true);
  const mine = {};
  let begun;
  running?.stop?.abort();
  running = mine;
  say('');
  try {
    const result = await working($('work'), async ({onProgress, signal}) => {
      mine.stop = new AbortController();
      mine.stop.signal.addEventListener('abort', () => { mine.isOld = true; });
      begun = job ?? await post('/api/gesture/recognitions', {
        recording: recording.id, model: $('model').value, certainty: $('certainty').value / 100,
        ...mapping.wishes(), replaces: piece?.id ?? null,
      });
      return keptJob(JOB, begun, {onProgress, signal});
    }, {label: 'Looking for gestures'});
    if (mine.isOld) return;
    await show(result.piece);
    jobTaken(JOB, begun);
  } catch (error) {
    if (mine.isOld) return;
    if (error.name === 'AbortError') say('Stopped. The recording is still here.');
    else complain(error);
  }
}

function complain(error) {
  const isMapping = /^(What gestures play|gesture '|the mapping|The mapping|play)/.test(error.message);
  $('mapping-wrong').textContent = isMapping ? error.message : '';
  say(isMapping ? 'What gestures play cannot be played: see below.' : error.message, true);
  if (isMapping) $('result').hidden = false;
}

/** Show what was found. */
async function show(id) {
  piece = await call(`/api/pieces/${id}`);
  const {data} = piece;
  const course = await call(`/api/pieces/${id}/course.json`);
  inAddress({recording: data.recording, piece: id});
  await learnValues();
  $('result').hidden = false;
  $('mapping-wrong').textContent = '';
  timeline.show(data, course);
  now.show(data, course);
  mapping.show(data);
  listEvents($('events'), data, clock, (name) => timeline.colourOf(name));
  const sound = ['music.wav', 'music.mp3'].find((name) => piece.files.includes(name));
  clock.load(Math.max(data.seconds, film.seconds), sound ? `/api/pieces/${id}/${sound}` : null);
  say(summary(data, sound));
  const file = (name, label) => ({label, url: `/api/pieces/${id}/${name}?download=1`});
  downloads($('downloads'), [
    file('music.mid', 'MIDI'),
    ...(piece.files.includes('music.wav') ? [file('music.wav', 'WAV')] : []),
    ...(piece.files.includes('music.mp3') ? [file('music.mp3', 'MP3')] : []),
    file('mapping.toml', 'Mapping'),
  ]);
  listEarlier();
}

function summary({events, seconds, heard, made_up: isMadeUp}, sound) {
  const known = events.filter((event) => event.class).length;
  const unsure = events.length - known;
  const parts = [known === 1 ? '1 gesture was recognized' : `${known} gestures were recognized`];
  if (unsure) parts.push(unsure === 1 ? '1 movement was none of them for sure' : `${unsure} movements were none of them for sure`);
  if (!sound) parts.push('nothing sounds: let a recognized gesture play something');
  if (sound && seconds > heard) parts.push(`the first ${heard / 60} minutes sound, the MIDI is whole`);
  if (isMadeUp) parts.push('this model has learned from made-up performers');
  return `${parts.join('; ')}.`;
}

/** What was recognized before; a problem with the list is no reason to stop. */
function listEarlier() {
  const options = {kind: 'gesture', hrefOf: (id) => `/gesture?piece=${id}`};
  return shelfList($('earlier'), options).catch(() => { $('earlier').hidden = true; });
}

async function learnValues() {
  if (values === piece.data.wishes.model) return;
  const {values: known} = await runJob(await post('/api/gesture/classes', {model: piece.data.wishes.model}));
  mapping.setValues(known);
  values = piece.data.wishes.model;
}

async function take(job) {
  const result = await working($('reading'), ({onProgress, signal}) => keptJob(READING, job, {onProgress, signal}), {label: 'Reading'});
  await open(result.piece);
  jobTaken(READING, job);
  await recognize();
}

async function sent(file) {
  const {upload: id, name} = await upload('/api/uploads', file);
  const rate = Number($('rate').value) || null;
  await take(await post('/api/gesture/readings', {upload: id, name, rate}));
}

async function example() {
  $('example').disabled = true;
  try {
    const fits = [...$('model').options].find(({value}) => value === 'hands');
    if (fits && $('model').value !== 'hands') {
      $('model').value = 'hands';
      $('model').dispatchEvent(new Event('change'));
    }
    await take(await post('/api/gesture/example'));
  } catch (error) {
    if (error.name !== 'AbortError') say(error.message, true);
  } finally {
    $('example').disabled = false;
  }
}

function showCertainty() {
  const words = `${$('certainty').value} %`;
  document.querySelector('output[for="certainty"]').textContent = words;
  $('certainty').setAttribute('aria-valuetext', words);
}

function step(by) {
  if (!film) return;
  clock.pause();
  clock.seek(film.secondsOf(film.frameAt(clock.position) + by));
}

function listen() {
  transport($('transport'), clock, {label: 'Play the recording'});
  for (const name of ['time', 'load']) {
    clock.addEventListener(name, () => {
      stage.at(clock.position);
      now.at(clock.position);
    });
  }
  const places = [$('drop'), $('drop-again')].map((place, n) => dropzone(place, {
    accept: ACCEPTED,
    label: n ? 'Another recording' : 'Drop a recording of a movement, or choose one',
    hint: n ? '' : 'Landmarks as NPZ, CSV, JSON or JSON lines (MediaPipe), BVH',
    onFile: sent,
  }));
  $('example').addEventListener('click', example);
  $('example-again').addEventListener('click', example);
  $('back').addEventListener('click', () => step(-1));
  $('on').addEventListener('click', () => step(1));
  $('flip').addEventListener('click', () => stage.flip());
  $('model').addEventListener('change', () => {
    mapping.forget();
    recognize();
  });
  $('certainty').addEventListener('input', showCertainty);
  $('certainty').addEventListener('change', () => recognize());
  mapping.addEventListener('change', () => recognize());
  return places;
}

async function begin() {
  const left = Promise.all([resumeJob(JOB), resumeJob(READING)]); // before anything new is begun
  listen();
  showCertainty();
  listEarlier();
  await fillChoices($('model'), 'gesture');
  const {recording: wanted, piece: known} = address();
  const [waiting, reading] = await left;
  try {
    if (reading && reading.state !== 'failed') {
      await take(reading);
    } else if (known) {
      const {data} = await call(`/api/pieces/${known}`);
      const {wishes} = data;
      await open(data.recording);
      if ([...$('model').options].some(({value}) => value === wishes.model)) $('model').value = wishes.model;
      $('certainty').value = wishes.certainty * 100;
      showCertainty();
      mapping.takeWishes(wishes);
      await show(known);
    } else if (wanted) {
      await open(wanted);
      await recognize(waiting && waiting.state !== 'failed' ? waiting : null);
    }
  } catch (error) {
    inAddress({piece: null, recording: null});
    say(error.message, true);
  }
}

begin().catch((error) => say(error.message, true));
