/** The bar under a score with which sound is played. */
import {button, setIcon} from './icons.js';
import {notice} from './notices.js';
import {setVolume, volume, wake} from './context.js';

let current = null; // whose sound the space bar starts

/**
 * Draw play button, place, times, loop and volume.
 * @param {HTMLElement} element is filled
 * @param {import('./player.js').Player} player
 * @param {{prepare?: () => Promise<void>, duration?: () => number, label?: string}} [options]
 *   prepare: loads the player when play is first pressed; duration: shown until then (s).
 * @returns {{toggle: () => Promise<void>}}
 */
export function transport(element, player, {prepare, duration, label = 'Playback'} = {}) {
  const play = button({icon: 'play', label: 'Play', kind: 'round primary'});
  const back = button({icon: 'start', label: 'To the beginning', kind: 'quiet icon-only'});
  const loop = button({icon: 'loop', label: 'Play over and over', kind: 'quiet icon-only'});
  const place = range('Place in the sound', 1000);
  const loudness = range('Volume', 100);
  const now = time('0:00');
  const whole = time('0:00');
  element.classList.add('transport');
  element.role = 'group';
  element.ariaLabel = label;
  loop.ariaPressed = 'false';
  loudness.className = 'volume';
  loudness.value = volume() * 100;
  element.replaceChildren(play, back, now, place, whole, loop, loudness);

  let isRound = false; // what is loaded later shall be played over and over too
  const goRound = () => {
    player.loop = isRound ? {start: 0, end: duration?.() || player.duration} : null;
  };
  const length = () => player.duration || duration?.() || 0;
  const show = () => {
    const [at, all] = [player.position, length()];
    now.textContent = clock(at);
    whole.textContent = clock(all);
    if (document.activeElement !== place || player.isPlaying) place.value = all ? (at / all) * 1000 : 0;
    place.style.setProperty('--share', all ? at / all : 0);
    place.setAttribute('aria-valuetext', `${clock(at)} of ${clock(all)}`);
  };
  const showState = () => {
    setIcon(play, player.isPlaying ? 'pause' : 'play');
    play.ariaLabel = play.title = player.isPlaying ? 'Pause' : 'Play';
    loop.ariaPressed = String(Boolean(player.loop || (isRound && prepare && !player.isLoaded)));
    loudness.style.setProperty('--share', loudness.value / 100);
    show();
  };
  const ready = async () => {
    if (player.isLoaded || !prepare) return;
    play.classList.add('is-busy');
    play.ariaBusy = 'true';
    try {
      await prepare();
    } finally {
      play.classList.remove('is-busy');
      play.ariaBusy = 'false';
    }
  };
  const toggle = async () => {
    current = bar;
    if (play.ariaBusy === 'true') return;
    wake();
    try {
      await ready();
      await player.toggle();
    } catch (error) {
      if (error.name !== 'AbortError') notice(error.message, 'bad');
    }
  };
  const bar = {toggle, element};
  current ??= bar;

  play.addEventListener('click', toggle);
  back.addEventListener('click', () => player.seek(0));
  loop.addEventListener('click', () => {
    isRound = loop.ariaPressed !== 'true';
    goRound();
    showState();
  });
  if (prepare) player.addEventListener('load', () => isRound && player.isLoaded && goRound());
  place.addEventListener('input', () => player.seek((place.value / 1000) * length()));
  loudness.addEventListener('input', () => {
    setVolume(loudness.value / 100);
    showState();
  });
  for (const name of ['play', 'pause', 'end', 'load', 'change']) player.addEventListener(name, showState);
  player.addEventListener('play', () => (current = bar));
  player.addEventListener('time', show);
  showState();
  return bar;
}

/** Minutes and seconds. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

function range(label, max) {
  const made = document.createElement('input');
  Object.assign(made, {type: 'range', min: 0, max, step: 1, value: 0, ariaLabel: label});
  return made;
}

function time(text) {
  const made = document.createElement('span');
  made.className = 'time';
  made.textContent = text;
  return made;
}

const OWN_SPACE = 'input, textarea, select, button, summary, a[href], [role="slider"], [role="button"], [role="tab"], [role="gridcell"], [contenteditable]';

addEventListener('keydown', (event) => {
  if (event.key !== ' ' || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  if (event.target.closest?.(OWN_SPACE) || !current?.element.isConnected) return;
  event.preventDefault();
  current.toggle();
});
