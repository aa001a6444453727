/** The tables of a listening test: each listener, each pair with its clips, each confidence. */
import {html} from '../kit/chart-parts.js';
import {button, setIcon} from '../kit/icons.js';

const RULES = {
  too_fast: 'voted before the clips can have been heard',
  too_soon: 'votes nearer together than their clips last',
  one_side: 'chose the same side whatever stood there',
  contradicts: 'chose the other version when a pair came again',
  same_address: 'many listeners from one address',
};
const SURE = {1: 'a guess', 2: 'fairly sure', 3: 'sure'};
const percent = (value) => `${Math.round(100 * value)}%`;

function table(place, caption, headings, rows, nothing) {
  if (!rows.length) {
    place.replaceChildren(html('p', {class: 'muted', textContent: nothing}));
    return;
  }
  place.tabIndex = 0;
  place.setAttribute('role', 'region');
  place.setAttribute('aria-label', caption);
  const head = html('tr', {}, ...headings.map((words) => html('th', {scope: 'col', textContent: words})));
  const lines = rows.map((row) => html('tr', {}, ...row.map((cell, i) => {
    const made = html(i ? 'td' : 'th', i ? {} : {scope: 'row'});
    made.append(cell);
    return made;
  })));
  place.replaceChildren(html('table', {}, html('caption', {class: 'unseen', textContent: caption}), html('thead', {}, head), html('tbody', {}, ...lines)));
}

/** Each listener by pseudonym: how far, how steady, which side. */
export function listenerTable(place, {listeners}) {
  table(place, 'Listeners', ['Listener', 'Votes', 'Same again', 'For what came first', 'How sure', ''], listeners.map((one, i) => [
    html('span', {title: `Pseudonym ${one.listener}`, textContent: `Listener ${i + 1}`}),
    `${one.votes} of ${one.planned}`,
    one.repeats ? `${one.same} of ${one.repeats}` : '–',
    one.decided ? `${one.first} of ${one.decided}` : '–',
    SURE[Math.round(one.confidence)],
    one.set_apart.length ? html('span', {class: 'badge warm', title: one.set_apart.map((rule) => RULES[rule]).join('; '), textContent: 'set apart'}) : '',
  ]), 'Listeners appear here as they vote.');
}

/** Votes that rules set apart, with the reasons. */
export function setApart(place, {flags, votes_set_apart: count}) {
  place.hidden = !count;
  if (!count) return;
  const reasons = new Map();
  for (const {rule, votes} of flags) reasons.set(rule, (reasons.get(rule) ?? 0) + votes.length);
  place.replaceChildren(
    html('h2', {textContent: count === 1 ? 'One vote stands apart' : `${count} votes stand apart`}),
    html('p', {class: 'muted', textContent: 'They are kept and exported, and do not count in the result above. The rules see sides, times and repeats, never which version was preferred.'}),
    html('ul', {class: 'list'}, ...[...reasons].map(([rule, n]) => html('li', {textContent: `${RULES[rule]}: ${n}`}))),
  );
}

/** Each pair: what was preferred, and both clips to hear. */
export function itemTable(place, {items, versions, reading}, key) {
  if (place.dataset.state === JSON.stringify(reading.items)) return; // a clip may be playing
  place.dataset.state = JSON.stringify(reading.items);
  const labels = Object.keys(versions);
  table(place, 'Pairs', ['Pair', 'Hear', 'Votes', ...reading.pairs.map((pair) => `for ${versions[pair.first]}`)], items.map((name, number) => [
    itemWords(name),
    html('span', {class: 'row'}, ...labels.map((label) => clipButton(`/api/listen/${key}/clips/${number}/${label}`, versions[label], label))),
    String(reading.items.filter((one) => one.item === name).reduce((sum, one) => sum + one.votes, 0)),
    ...reading.pairs.map((pair) => {
      const found = reading.items.find((one) => one.item === name && one.pair[0] === pair.first && one.pair[1] === pair.second);
      return found ? percent(found.points / found.votes) : '–';
    }),
  ]), '');
}

/** `03-a-minor-6-8` as people write it: 3 · A minor, 6/8; `04-funk-groove1-98-bpm`: 4 · funk groove1, 98 bpm. */
function itemWords(name) {
  const groove = /^(\d+)-(.+?)-(\d+)(?:-(\d+))?-bpm$/.exec(name);
  if (groove) return `${Number(groove[1])} · ${groove[2].replaceAll('-', ' ')}, ${groove[3]}${groove[4] ? `.${groove[4]}` : ''} bpm`;
  const tune = /^(\d+)-([a-g])(?:-?(sharp|flat)|([#b]))?-(\w+)-(\d+)-(\d+)$/.exec(name);
  if (!tune) return name.replaceAll('-', ' ');
  const [, number, letter, word, sign, mode, beats, unit] = tune;
  const raised = word === 'sharp' || sign === '#' ? '♯' : word || sign ? '♭' : '';
  return `${Number(number)} · ${letter.toUpperCase()}${raised} ${mode}, ${beats}/${unit}`;
}

const audio = new Audio();
let playing = null;
audio.addEventListener('ended', () => silence());

function silence() {
  audio.pause();
  if (playing) setIcon(playing, 'play');
  playing = null;
}

function clipButton(address, name, label) {
  const made = button({icon: 'play', text: label === 'anchor' ? '♪' : label, kind: 'small', label: `Play ${name}`});
  made.addEventListener('click', () => {
    const isThis = playing === made;
    silence();
    if (isThis) return;
    playing = made;
    setIcon(made, 'pause');
    audio.src = address;
    audio.play().catch(() => silence());
  });
  return made;
}

/** Votes by how sure listeners were. */
export function confidenceTable(place, {reading, versions}) {
  const isOnePair = reading.pairs.length === 1;
  const between = isOnePair ? [] : ['Between'];
  const share = isOnePair ? `for ${versions[reading.pairs[0].first]}` : 'for the first named';
  table(place, 'How sure', ['How sure', ...between, 'Votes', share], reading.confidences.map((one) => [
    SURE[one.confidence],
    ...between.map(() => one.pair.map((label) => versions[label]).join(' and ')),
    String(one.votes),
    percent(one.points / one.votes),
  ]), 'No vote counts yet.');
}
