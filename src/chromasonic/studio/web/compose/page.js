/** The Compose page: wishes in, tunes out. */
import {post} from '../kit/api.js';
import {fillChoices} from '../kit/choice.js';
import {working} from '../kit/progress.js';
import {address, jobTaken, keptJob, read, remember, resumeJob, write} from '../kit/remember.js';
import {openingPart} from './opening.js';
import {picturePart} from './picture.js';
import {MoodPlane} from './plane.js';
import {TuneView} from './tune.js';

const MOOD = 'chromasonic-compose-mood';
const PICTURE = 'chromasonic-compose-picture';
const form = document.querySelector('#wishes');
const fields = form.elements;
const cues = JSON.parse(form.dataset.cues);
const says = document.querySelector('#form-says');
const go = form.querySelector('[type="submit"]');
const busy = document.querySelector('#working');

const plane = new MoodPlane(document.querySelector('#plane'), JSON.parse(form.dataset.words));
const noMood = document.querySelector('#no-mood');
let before = null; // what the picture changed: {place, mode, tempo}

const picture = picturePart(document.querySelector('#picture'), document.querySelector('#palette'), {
  onRead(mood) {
    before ??= {place: plane.place, mode: fields.mode.value, tempo: fields.tempo.value};
    plane.set(mood, {isQuiet: true});
    setField(fields.mode, mood.mode);
    setField(fields.tempo, ''); // the mood's, which the metre has a say in
    keepMood();
  },
  onUndo() {
    plane.set(before?.place ?? null, {isQuiet: true});
    setField(fields.mode, before?.mode ?? '');
    setField(fields.tempo, before?.tempo ?? '');
    before = null;
    keepMood();
  },
});

plane.addEventListener('change', () => {
  // A place of one's own takes over from the picture's; what the picture set follows it.
  if (before) {
    setField(fields.mode, before.mode);
    setField(fields.tempo, before.tempo);
    before = null;
    picture.clear();
  }
  keepMood();
});
noMood.addEventListener('click', () => {
  plane.set(null);
  plane.dispatchEvent(new Event('change'));
});

const opening = openingPart(document.querySelector('#opening'), () => ({
  key: keyOf(), mode: fields.mode.value, metre: fields.metre.value || null, bars: barsNow(), tempo: tempoNow(),
}));
const view = new TuneView();

form.addEventListener('input', () => {
  refuse('');
  sayMusic();
});
fields.tonic.addEventListener('change', opening.refresh);
fields.mode.addEventListener('change', opening.refresh);
fields.metre.addEventListener('change', opening.refresh);
fields.bars.addEventListener('change', opening.refresh);
fields.model.addEventListener('change', sayModel);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  compose();
});

/** Ask for a tune and show it. */
async function compose() {
  go.disabled = true;
  try {
    await opening.read(); // notes that have just been played are part of it
    const wrong = faultOf();
    refuse(wrong?.text ?? '');
    if (wrong) return wrong.field === fields.opening ? opening.show() : wrong.field.focus();
    await follow(await post('/api/compose/tunes', wishes()), {push: true});
  } catch (error) {
    if (error.name !== 'AbortError') refuse(error.message);
  } finally {
    go.disabled = false;
  }
}

/** Follow a job that writes tunes; show what came of it. */
async function follow(job, {push = false} = {}) {
  go.disabled = true;
  view.wait(true);
  try {
    const {piece} = await working(busy, (watching) => keptJob('compose', job, watching), {label: 'Writing'});
    await view.open(piece, {push, isNew: true});
    jobTaken('compose', job);
  } finally {
    go.disabled = false;
    view.wait(false);
  }
}

function wishes() {
  const place = plane.place;
  const seed = fields.seed.value.trim();
  return {
    model: fields.model.value,
    model_label: fields.model.selectedOptions[0]?.textContent ?? '',
    title: fields.title.value.trim(),
    bars: Number(fields.bars.value),
    key: keyOf(),
    mode: keyOf() ? null : fields.mode.value || null,
    metre: fields.metre.value || null,
    tempo: fields.tempo.value ? Number(fields.tempo.value) : null,
    temperature: Number(fields.temperature.value),
    valence: place?.valence ?? null,
    arousal: place?.arousal ?? null,
    count: Number(fields.count.value),
    seed: seed ? Number(seed) : null,
    opening: fields.opening.value.trim() || null,
    colours: picture.colours().map(({hex, share}) => ({hex, share})),
  };
}

/** What cannot be asked for, in words, and where: or null. */
function faultOf() {
  if (!fields.model.value) {
    return {field: fields.model, text: 'Choose a model first; if there is none, train one on the Train page.'};
  }
  for (const [name, words] of [
    ['bars', 'Bars: a whole number from 1 to 64.'],
    ['tempo', 'Beats a minute: from 20 to 300, or empty.'],
    ['seed', 'Seed: a whole number from 0 on, or empty.'],
  ]) {
    const isWrong = !fields[name].checkValidity() || (name === 'bars' && !fields.bars.value);
    fields[name].toggleAttribute('aria-invalid', isWrong);
    if (isWrong) return {field: fields[name], text: words};
  }
  const text = opening.fault();
  return text ? {field: fields.opening, text: `Opening: ${text}`} : null;
}

function refuse(text) {
  says.textContent = text;
  says.hidden = !text;
}

function keyOf() {
  // A mode alone is no key: it must not change what the letters of an opening mean.
  const tonic = fields.tonic.value;
  if (!tonic) return null;
  return `${tonic} ${fields.mode.value || moodMode() || 'major'}`;
}

/** How many bars are asked for; null while that is no number of bars. */
function barsNow() {
  return fields.bars.value && fields.bars.checkValidity() ? Number(fields.bars.value) : null;
}

function moodMode() {
  return plane.place ? (plane.place.valence >= 0 ? 'major' : 'minor') : null;
}

function moodTempo() {
  if (!plane.place) return null;
  const {valence, arousal} = plane.place;
  const octaves = cues.octaves.valence * valence + cues.octaves.arousal * arousal;
  return Math.round(cues.middle * 2 ** octaves * Math.sqrt(1 / beatQuarters(fields.metre.value)));
}

/** How many quarters the felt beat of a metre such as 6/8 lasts; 1 where none is chosen. */
function beatQuarters(metre) {
  const [beats, unit] = metre.split('/').map(Number);
  if (!unit) return 1;
  return (unit >= 8 && beats > 3 && beats % 3 === 0 ? 12 : 4) / unit;
}

function tempoNow() {
  return Number(fields.tempo.value) || moodTempo() || 100;
}

function setField(field, value) {
  field.value = value;
  field.dispatchEvent(new Event('change', {bubbles: true}));
  sayMusic();
}

/** Say what the mood asks of the fields that are left to it. */
function sayMusic() {
  form.querySelector('#temperature-says output').value = Number(fields.temperature.value).toFixed(2);
  const parts = [];
  if (!fields.mode.value && moodMode()) parts.push(moodMode());
  if (!fields.tempo.value && moodTempo()) parts.push(`about ${moodTempo()} beats a minute${fields.metre.value ? '' : ' (fewer where the beat is long)'}`);
  document.querySelector('#music-says').textContent = parts.length ? `By the mood: ${parts.join(', ')}.` : '';
  fields.tempo.placeholder = moodTempo() ? `about ${moodTempo()}` : 'auto';
  noMood.hidden = !plane.place;
}

function sayModel() {
  document.querySelector('#model-says').textContent = fields.model.dataset.summary ?? '';
}

function keepMood() {
  write(MOOD, plane.place);
  write(PICTURE, before && picture.mood() ? {before, mood: picture.mood()} : null);
  sayMusic();
}

async function start() {
  plane.set(read(MOOD), {isQuiet: true});
  remember(form, 'compose', {except: ['model', 'seed']});
  const kept = read(PICTURE);
  if (kept?.mood) {
    before = kept.before;
    picture.restore(kept.mood);
  }
  if (fields.opening.value.trim()) {
    document.querySelector('#opening').open = true;
    opening.refresh();
  }
  sayMusic();
  await Promise.all([choose(), show()]);
}

async function choose() {
  const {problem} = await fillChoices(fields.model, 'melody');
  sayModel();
  if (problem) document.querySelector('#model-says').textContent += ` ${problem}`;
}

async function show() {
  view.earlier();
  const running = await resumeJob('compose');
  const {piece} = address();
  if (piece) await view.open(piece);
  if (!running || running.state === 'failed' || running.state === 'cancelled') return;
  await follow(running).catch((error) => error.name === 'AbortError' || refuse(error.message));
}

/** The form ends with the window, wherever it begins: its button is always in sight. */
function reach() {
  form.style.setProperty('--above', `${Math.max(16, form.getBoundingClientRect().top)}px`);
  sayMore();
}

/** Whether fields lie hidden below the button's edge is shown there. */
function sayMore() {
  form.classList.toggle('has-more', form.scrollHeight - form.clientHeight - form.scrollTop > 12);
}

for (const name of ['scroll', 'resize']) addEventListener(name, reach, {passive: true});
form.addEventListener('scroll', sayMore, {passive: true});
const grows = new ResizeObserver(sayMore);
for (const part of form.children) grows.observe(part);
reach();
addEventListener('popstate', () => view.open(address().piece ?? null));
await start();
