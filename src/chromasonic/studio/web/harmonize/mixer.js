/** Turn a voice down, off, or hear it alone; and on which instrument. */
import {read, write} from '../kit/remember.js';

/** General MIDI programs, counted from 0, that carry four parts. */
const CHOIRS = [['Voices', 53], ['Organ', 19], ['Strings', 48], ['Piano', 0], ['Brass', 61], ['Recorders', 74]];
const KEY = 'chromasonic-choir';

/**
 * Fill a select with instruments for all voices.
 * @param {HTMLSelectElement} select
 * @returns {() => number} the program that is chosen now
 */
export function fillChoirs(select) {
  select.replaceChildren(...CHOIRS.map(([name, program]) => new Option(name, program)));
  select.value = read(KEY) ?? CHOIRS[0][1];
  if (!select.value) select.selectedIndex = 0;
  select.addEventListener('change', () => write(KEY, Number(select.value)));
  return () => Number(select.value);
}

const kept = new Map(); // name of a voice -> what was set for it: another setting keeps it

/**
 * One strip a voice; the player's stems are in the same order once it is loaded.
 * @param {HTMLElement} element is filled
 * @param {import('../kit/player.js').Player} player
 * @param {string[]} names of the voices, highest first
 * @returns {{apply: () => void}} gives the player what was set before it was loaded
 */
export function mixer(element, player, names) {
  const strips = names.map((name, index) => strip(name, index, player, () => show()));
  const show = () => {
    const isAlone = strips.some((one) => one.isSolo);
    for (const one of strips) one.element.classList.toggle('is-silent', one.isMuted || (isAlone && !one.isSolo));
  };
  element.replaceChildren(...strips.map((one) => one.element));
  show();
  return {apply: () => strips.forEach((one) => one.apply())};
}

function strip(name, index, player, changed) {
  const state = kept.get(name) ?? {isMuted: false, isSolo: false, level: 100};
  kept.set(name, state);
  const made = document.createElement('div');
  made.className = 'strip';
  made.dataset.voice = index + 1;
  made.role = 'group';
  made.ariaLabel = name;
  const title = Object.assign(document.createElement('span'), {className: 'strip-name', textContent: name});
  const level = Object.assign(document.createElement('input'), {
    type: 'range', min: 0, max: 100, value: state.level, ariaLabel: `${name}: loudness`,
  });
  level.addEventListener('input', () => {
    state.level = Number(level.value);
    level.style.setProperty('--share', state.level / 100);
    player.gain(index, (state.level / 100) ** 2);
  });
  level.style.setProperty('--share', state.level / 100);
  const mute = toggle('Mute', `Mute the ${name.toLowerCase()}`, state.isMuted, (isOn) => {
    state.isMuted = isOn;
    player.mute(index, isOn);
    changed();
  });
  const solo = toggle('Solo', `Hear the ${name.toLowerCase()} alone`, state.isSolo, (isOn) => {
    state.isSolo = isOn;
    player.solo(index, isOn);
    changed();
  });
  made.append(title, level, mute, solo);
  return {
    element: made,
    get isMuted() { return state.isMuted; },
    get isSolo() { return state.isSolo; },
    apply: () => {
      player.gain(index, (state.level / 100) ** 2);
      player.mute(index, state.isMuted);
      player.solo(index, state.isSolo);
    },
  };
}

function toggle(text, label, isOnAtFirst, onChange) {
  const made = document.createElement('button');
  Object.assign(made, {type: 'button', className: 'toggle small', textContent: text, ariaPressed: String(isOnAtFirst), title: label});
  made.setAttribute('aria-label', label);
  made.addEventListener('click', () => {
    const isOn = made.ariaPressed !== 'true';
    made.ariaPressed = String(isOn);
    onChange(isOn);
  });
  return made;
}
