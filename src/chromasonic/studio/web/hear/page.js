/** A listener's way through a test: welcome, pair after pair, thanks. */
import {Pair} from './clips.js';
import {Outbox, Refusal, Unreachable, ask} from './outbox.js';
import {tone} from './tone.js';

const KEY = location.pathname.split('/')[2] ?? '';
const API = `/api/hear/${KEY}`;
const SIDES = ['first', 'second'];
const AHEAD = 2; // pairs that are fetched while one is heard
const RETRY_MS = 5000;
const NEWS = {
  409: 'You had voted on the pair before this one already, and that first vote stands.',
  410: 'Your last vote came too late and was not counted.',
};
const at = (id) => document.getElementById(id);
const outbox = new Outbox(KEY);
const ahead = new Map(); // token -> Pair, fetched before it is needed
let test = null;
let now = null; // {token, pair}
let isSending = false;
let retry = 0;
let talk = Promise.resolve(); // with the server: one exchange after the other
let isOffline = false;
let news = ''; // of the vote before

/** Show one of the page's sheets, and put the focus on its heading. */
function show(id) {
  const isNew = at(id).hidden;
  for (const sheet of document.querySelectorAll('.sheet')) sheet.hidden = sheet.id !== id;
  if (isNew && id !== 'welcome') at(id).querySelector('h1')?.focus({preventScroll: true});
  if (isNew) scrollTo(0, 0);
}

function end(title, words, canTryAgain = false) {
  now?.pair.pause();
  at('end-title').textContent = title;
  at('end-words').textContent = words;
  at('end-again').hidden = !canTryAgain;
  show('end');
}

/** Send what waits, then show where the listener is. */
function goOn() {
  clearTimeout(retry);
  talk = talk.then(exchange, exchange);
  return talk;
}

async function exchange() {
  try {
    if (!await sendAll()) test = await ask(API);
    isOffline = false;
    showTest();
  } catch (error) {
    if (error instanceof Refusal) return end('This link leads nowhere', 'Ask whoever sent it to you for a new one.');
    if (!(error instanceof Unreachable)) throw error;
    isOffline = true;
    const isOnTheWay = test?.hasBegun;
    if (isOnTheWay || outbox.waiting.length) retry = setTimeout(goOn, RETRY_MS);
    if (isOnTheWay) return showTest();
    if (outbox.waiting.length) return showOffline();
    end('There is no connection', 'Your votes so far are safe. The page goes on when the connection is back.', true);
  }
}

/** @returns {Promise<boolean>} whether `test` says how it stands now */
async function sendAll() {
  let isFresh = false;
  const moment = Date.now();
  for (let [vote] = outbox.waiting; vote; [vote] = outbox.waiting) {
    try {
      test = await outbox.send(moment);
      isFresh = true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      news = NEWS[error.status] ?? 'Your last vote was refused and does not count.';
      isFresh = false;
    }
  }
  return isFresh;
}

function showOffline() {
  const count = outbox.waiting.length;
  at('offline-title').textContent = count === 1 ? 'Your vote is safe' : `Your ${count || ''} votes are safe`;
  show('offline');
}

function showTest() {
  const open = test.pairs?.filter((one) => !one.isDone && !outbox.has(one.token)) ?? [];
  // Without a connection only what was fetched before can be heard.
  if (isOffline && (!open.length || !pairOf(open[0].token).isThere)) return showOffline();
  if (test.hasBegun && !open.length) {
    return end('Thank you', `All ${test.pairs.length} of your votes are in. You can close this page. ${news}`);
  }
  if (!test.isOpen) return end('The test has ended', `It takes no more votes. ${news || 'Thank you for coming.'}`);
  if (!test.hasBegun) return showWelcome();
  showPair(open, test.pairs.length - open.length);
}

function showWelcome() {
  at('welcome-question').textContent = test.question;
  const minutes = test.minutes === 1 ? 'a minute' : `${test.minutes} minutes`;
  at('welcome-length').textContent =
    `You will hear ${test.asked} pairs of short clips, one pair at a time, which takes about ${minutes}. There is no right answer: what counts is what you hear.`;
  at('welcome-notes').textContent = test.notes;
  at('welcome-notes').hidden = !test.notes;
  show('welcome');
}

function pairOf(token) {
  if (!ahead.has(token)) ahead.set(token, new Pair(`${API}/clips/${token}`));
  return ahead.get(token);
}

function showPair(open, done) {
  const [{token}, ...later] = open;
  const next = later.slice(0, AHEAD).map((one) => one.token);
  at('how-far').textContent = `${done + 1} of ${test.pairs.length}`;
  at('bar').value = done / test.pairs.length;
  at('question').textContent = test.question;
  const isNew = now?.token !== token;
  if (isNew) {
    for (const known of [...ahead.keys()]) {
      if (known !== token && !next.includes(known)) {
        ahead.get(known).free();
        ahead.delete(known);
      }
    }
    const pair = pairOf(token);
    now = {token, pair};
    at('trial').reset();
    pair.addEventListener('change', draw);
    pair.ready.then(
      () => {
        draw();
        next.forEach(pairOf);
      },
      (error) => {
        if (now?.pair !== pair) return; // given up for another
        now = null; // so that another try fetches it anew
        ahead.delete(token);
        pair.free();
        end('A clip is missing', error.message, true);
      },
    );
  }
  isSending = false;
  const kept = outbox.waiting.length;
  const votes = kept === 1 ? 'One vote is kept on this device and goes' : `${kept || 'Your'} votes are kept on this device and go`;
  const words = isOffline ? `There is no connection. ${votes} out by ${kept === 1 ? 'itself' : 'themselves'} when it is back.` : '';
  if (at('kept').textContent !== words) at('kept').textContent = words;
  show('trial');
  if (isNew) at('question').focus({preventScroll: true});
  draw();
}

/** Bring the pair's sheet in line with what plays, was heard and was chosen. */
function draw() {
  if (!now) return;
  let isHeard = true;
  for (const side of SIDES) {
    const clip = now.pair.clips[side];
    const place = document.querySelector(`.clip[data-side="${side}"]`);
    const isThere = Boolean(clip.url);
    const isEnough = isThere && clip.share >= test.mustHear + 0.01;
    isHeard &&= isEnough;
    const words = !isThere ? 'loading …' : clip.isPlaying ? 'playing' : isEnough ? 'heard' : clip.heard ? 'hear more' : 'not heard yet';
    const button = place.querySelector('.play');
    button.disabled = !isThere;
    button.ariaLabel = `${clip.isPlaying ? 'Pause' : 'Play'} clip ${side === 'first' ? 'A' : 'B'}, the ${side}`;
    place.classList.toggle('is-playing', clip.isPlaying);
    place.classList.toggle('is-heard', isEnough);
    place.style.setProperty('--place', clip.place.toFixed(4));
    const line = place.querySelector('.heard');
    if (line.textContent !== words) line.textContent = words;
  }
  const choice = at('trial').elements.choice.value;
  at('choice').disabled = !isHeard || isSending;
  at('confidence').disabled = !isHeard || !choice || isSending;
  const isUntouched = SIDES.every((side) => !now.pair.clips[side].heard && !now.pair.clips[side].isPlaying);
  const hint = news && isUntouched ? news : isSending ? 'Sending …' : !isHeard ? 'Hear both, then choose. Each can be played as often as you like.' : !choice ? 'Which one? You may hear them again.' : 'How sure are you? Saying so sends your vote.';
  if (at('hint').textContent !== hint) at('hint').textContent = hint;
}

async function vote(confidence) {
  const choice = at('trial').elements.choice.value;
  if (isSending || !choice || at('confidence').disabled) return;
  isSending = true;
  news = '';
  now.pair.pause();
  draw();
  outbox.keep({token: now.token, choice, confidence, heard_ms: now.pair.heardMs});
  await goOn();
}

at('begin').addEventListener('click', async () => {
  at('begin').disabled = true;
  try {
    test = await ask(`${API}/join`, {});
    showTest();
  } catch (error) {
    end('There is no connection', error.message, true);
  } finally {
    at('begin').disabled = false;
  }
});

let sound = null;
at('tone').addEventListener('click', () => {
  sound ??= tone();
  sound.currentTime = 0;
  sound.play().catch(() => {});
});

at('send-again').addEventListener('click', goOn);
at('end-again').addEventListener('click', goOn);
at('trial').addEventListener('change', draw);
at('trial').addEventListener('submit', (event) => {
  event.preventDefault();
  const level = Number(event.submitter?.value);
  if (level) vote(level);
});
for (const place of document.querySelectorAll('.clip')) {
  place.querySelector('.play').addEventListener('click', () => now?.pair.play(place.dataset.side));
}

const CHOICES = {ArrowLeft: 'first', ArrowDown: 'neither', ArrowRight: 'second'};
addEventListener('keydown', (event) => {
  if (at('trial').hidden || event.ctrlKey || event.metaKey || event.altKey || !now) return;
  const isOnButton = event.target instanceof HTMLButtonElement;
  const letter = event.key.toLowerCase();
  if (letter === 'a' || letter === 'b') now.pair.clips.first.url && now.pair.play(letter === 'a' ? 'first' : 'second');
  else if (event.key === ' ' && !isOnButton) now.pair.toggle();
  else if (event.key in CHOICES && !at('choice').disabled) {
    at('trial').elements.choice.value = CHOICES[event.key];
    draw();
  } else if (['1', '2', '3'].includes(event.key)) vote(Number(event.key));
  else return;
  event.preventDefault();
});

addEventListener('online', () => outbox.waiting.length && goOn());
addEventListener('pageshow', (event) => event.persisted && goOn());
// Another tab may have voted meanwhile.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && !at('trial').hidden && !isSending) goOn();
});
goOn();
