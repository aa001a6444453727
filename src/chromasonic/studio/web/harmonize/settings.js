/** The settings of one melody side by side: what differs, how each sounds, which one is shown. */
import {icon, setIcon} from '../kit/icons.js';
import {counted, GRAVITIES} from './rules.js';

const SAID = {
  hybrid: 'Has read Bach; keeps the rules',
  exact: 'The best that the rules allow',
  advanced: 'Learned by trying',
  simple: 'One voice, moving against the melody',
  own: 'As it was written',
};

/**
 * Cards of which one is chosen; arrow keys go from one to the next.
 * @param {HTMLElement} element is filled
 * @param {object[]} settings of the piece
 * @param {{chosen: number, onChoose: (index: number) => void, onPlay: (index: number) => void}} wants
 * @returns {{playing: (index: number | null) => void, choose: (index: number) => void}}
 */
export function settingCards(element, settings, {chosen, onChoose, onPlay}) {
  element.replaceChildren();
  element.className = 'setting-cards';
  element.role = 'radiogroup';
  element.ariaLabel = 'Settings';
  const cards = settings.map((setting, index) => card(setting, index === chosen, {
    onChoose: () => onChoose(index), onPlay: () => onPlay(index),
  }));
  element.append(...cards.map(({element: one}) => one));
  return {
    playing: (which) => cards.forEach((one, index) => {
      setIcon(one.play, index === which ? 'pause' : 'play');
      one.play.ariaLabel = index === which ? `Pause ${settings[index].label}` : `Hear ${settings[index].label}`;
    }),
    choose: (index) => (cards[index].radio.checked = true),
  };
}

function card(setting, isChosen, {onChoose, onPlay}) {
  const made = built('div', {className: 'setting'});
  const label = built('label');
  const radio = built('input', {type: 'radio', name: 'setting', checked: isChosen, value: setting.piece});
  radio.addEventListener('change', onChoose);
  const head = built('span', {className: 'setting-head'});
  head.append(built('strong', {textContent: setting.label}), built('span', {className: 'muted small', textContent: / [2-9]$/.test(setting.label) ? '' : SAID[setting.agent] ?? ''}));
  const counts = built('span', {className: 'setting-counts small'});
  for (const gravity of GRAVITIES.slice(0, 2)) {
    const count = setting.traits.gravities[gravity.name];
    const one = built('span', {className: `count ${gravity.name} ${count ? '' : 'none'}`});
    one.append(built('span', {className: 'dot'}), counted(gravity, count));
    counts.append(one);
  }
  label.append(radio, head, counts);
  for (const text of setting.differences.slice(0, 3)) label.append(built('span', {className: 'small difference', textContent: text}));
  const play = built('button', {type: 'button', className: 'round small-round'});
  play.ariaLabel = `Hear ${setting.label}`;
  play.append(icon('play'));
  play.addEventListener('click', onPlay);
  made.append(label, play);
  return {element: made, radio, play};
}

/**
 * Counts by rule, a column a setting.
 * @param {HTMLElement} element is filled
 * @param {object[]} settings of the piece
 */
export function comparisonTable(element, settings) {
  const table = built('table', {className: 'compared'});
  const head = table.createTHead().insertRow();
  head.append(header('', 'col'), ...settings.map(({label}) => header(label, 'col')));
  const body = table.createTBody();
  const row = (name, cells, gravity = '') => {
    const line = body.insertRow();
    line.className = gravity;
    line.append(header(name, 'row'));
    for (const cell of cells) line.insertCell().textContent = cell;
  };
  // The simple agent sets two voices and is paid by other rules: its reward is no match for the others'.
  const isMixed = new Set(settings.map(({agent}) => agent === 'simple')).size > 1;
  const rewards = settings.map(({agent, traits}) => (isMixed && agent === 'simple' ? 'other rules' : traits.reward_a_beat.toFixed(2)));
  row('Reward a beat', rewards, 'total');
  for (const gravity of GRAVITIES) {
    const counts = settings.map(({traits}) => traits.gravities[gravity.name]);
    if (counts.some(Boolean)) row(gravity.many[0].toUpperCase() + gravity.many.slice(1), counts, 'total');
  }
  row('Outer voices in contrary motion', settings.map(({traits}) => share(traits.contrary)), 'total');
  row('Lowest voice by step', settings.map(({traits}) => share(traits.bass_steps)), 'total');
  row('Seventh chords', settings.map(({traits}) => traits.sevenths), 'total');
  const rules = new Map();
  for (const {traits} of settings) for (const [name, text, gravity] of traits.rules) rules.set(name + text, {name, text, gravity});
  const order = GRAVITIES.map(({name}) => name);
  for (const one of [...rules.values()].sort((a, b) => order.indexOf(a.gravity) - order.indexOf(b.gravity))) {
    const count = ({traits}) => traits.rules.find(([name, text]) => name === one.name && text === one.text)?.[3] ?? 0;
    row(one.text, settings.map((setting) => count(setting) || '·'), one.gravity);
  }
  element.replaceChildren(table);
}

function share(value) { return value === null ? '·' : `${Math.round(100 * value)}%`; }
function header(text, scope) { return Object.assign(document.createElement('th'), {textContent: text, scope}); }
function built(name, values = {}) { return Object.assign(document.createElement(name), values); }
