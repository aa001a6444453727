/** The controls of the Groove page: what the pattern is set to, and how it is played. */
import {notice} from '../kit/notices.js';
import {shelfList} from '../kit/shelf.js';

const $ = (id) => document.getElementById(id);
const FEELS = [
  ['50/16', 'Even'],
  ['54/16', 'Sixteenths, lightly swung'],
  ['58/16', 'Sixteenths, swung'],
  ['62/16', 'Sixteenths, lazy'],
  ['66.7/16', 'Sixteenths, triplets'],
  ['58/8', 'Eighths, lightly swung'],
  ['64/8', 'Eighths, swung'],
  ['66.7/8', 'Eighths, triplets (shuffle)'],
];
const SHARES = ['velocity', 'timing', 'looseness'];

/** Fires `feel`, `brush`, `version`, `title`, and `kept` with the id of a piece. */
export class Controls extends EventTarget {
  usual = {velocity: 1, timing: 1, looseness: 0, seed: 0};
  seed = 0;
  #pattern;
  #starts = [];

  /** @param {import('./pattern.js').Pattern} pattern follows what is set here */
  constructor(pattern) {
    super();
    this.#pattern = pattern;
    $('feel').replaceChildren(...FEELS.map(([value, name]) => new Option(name, value)));
    $('start').addEventListener('change', () => this.#start($('start').value));
    $('tempo').addEventListener('change', () => this.#tempo());
    $('feel').addEventListener('change', () => {
      const [swing, swung] = $('feel').value.split('/').map(Number);
      pattern.update({swing, swung});
    });
    $('metre').addEventListener('change', () => {
      pattern.update({metre: $('metre').value});
      this.#showMetre();
    });
    $('title').addEventListener('input', () => {
      pattern.title = $('title').value;
      this.#tell('title');
    });
    for (const radio of document.querySelectorAll('[name="bars"]')) {
      radio.addEventListener('change', () => pattern.update({bars: Number(radio.value)}));
    }
    for (const name of ['brush', 'version']) {
      for (const radio of document.querySelectorAll(`[name="${name}"]`)) {
        radio.addEventListener('change', () => this.#tell(name));
      }
    }
    for (const name of SHARES) {
      $(name).addEventListener('input', () => this.#showShares());
      $(name).addEventListener('change', () => this.#tell('feel'));
    }
    $('model').addEventListener('change', () => {
      this.#showModel();
      this.#tell('feel');
    });
    $('another').addEventListener('click', () => this.#another());
  }

  get brush() {
    return document.querySelector('[name="brush"]:checked').value;
  }

  get version() {
    return document.querySelector('[name="version"]:checked').value;
  }

  get title() {
    return $('title').value.trim() || 'Groove';
  }

  set title(value) {
    $('title').value = value;
  }

  /** How it is played: {model, velocity, timing, looseness, seed}. */
  feel() {
    const shares = Object.fromEntries(SHARES.map((name) => [name, $(name).value / 100]));
    return {model: $('model').value, ...shares, seed: this.seed};
  }

  /** Set what is named, and leave the rest. */
  takeFeel(values) {
    for (const name of SHARES) {
      const share = Number(values[name] ?? NaN);
      if (share >= 0 && share <= 2) $(name).value = share * 100;
    }
    const seed = Number(values.seed ?? NaN);
    if (Number.isInteger(seed) && seed >= 0) this.seed = seed;
    if ([...$('model').options].some(({value}) => value === values.model)) $('model').value = values.model;
    this.#showModel();
    this.#showShares();
  }

  setStarts(starts) {
    this.#starts = starts;
  }

  /** Fill the list of patterns: those that are given, and those that were kept. */
  async listKept() {
    const pieces = await shelfList($('kept'), {
      kind: 'groove',
      hrefOf: (id) => `/groove?piece=${id}`,
      onOpen: (id) => this.dispatchEvent(new CustomEvent('kept', {detail: id})),
      onRemove: () => this.listKept(),
    });
    const given = document.createElement('optgroup');
    given.label = 'Patterns';
    given.append(...this.#starts.map(({key, name}) => new Option(name, key)));
    const kept = document.createElement('optgroup');
    kept.label = 'Kept in the studio';
    kept.append(...pieces.slice(0, 40).map(({id, title}) => new Option(title, `piece:${id}`)));
    $('start').replaceChildren(new Option('Choose …', ''), given);
    if (pieces.length) $('start').append(kept);
  }

  /** Show what the pattern says. */
  show() {
    const {tempo, swing, swung, bars, metre, title} = this.#pattern;
    $('tempo').value = tempo;
    $('metre').value = metre;
    this.#showMetre();
    $('title').value = title;
    const feel = `${swing}/${swung}`;
    if (![...$('feel').options].some(({value}) => value === feel)) {
      $('feel').append(new Option(`${swing} percent, ${swung === 8 ? 'eighths' : 'sixteenths'}`, feel));
    }
    $('feel').value = feel;
    const radio = document.querySelector(`[name="bars"][value="${bars}"]`);
    if (radio) radio.checked = true;
    this.#showShares();
    this.#showModel();
  }

  #start(key) {
    if (key.startsWith('piece:')) {
      this.dispatchEvent(new CustomEvent('kept', {detail: key.slice(6)}));
      return;
    }
    const start = this.#starts.find((one) => one.key === key);
    if (!start) return;
    this.#pattern.take(start);
    this.show();
  }

  #tempo() {
    const typed = $('tempo').value;
    const wanted = typed === '' ? this.#pattern.tempo : Number(typed);
    const tempo = Math.round(Math.max(30, Math.min(300, wanted)));
    if (typed === '' || tempo !== Math.round(wanted)) notice(`The tempo is ${tempo} now: from 30 to 300 beats a minute can be played.`);
    $('tempo').value = tempo;
    this.#pattern.update({tempo});
  }

  /** Another seed; chance needs some looseness to act at all. */
  #another() {
    this.seed += 1;
    if (Number($('looseness').value) === 0) $('looseness').value = 60;
    this.#showShares();
    this.#tell('feel');
  }

  #showShares() {
    for (const name of SHARES) {
      const share = Number($(name).value);
      const words = share === 0 ? {looseness: 'none'}[name] ?? 'as written' : `${share} %`;
      document.querySelector(`output[for="${name}"]`).textContent = words;
      $(name).setAttribute('aria-valuetext', words);
    }
    $('take-told').textContent = this.seed ? `Take ${this.seed + 1}` : '';
  }

  #showMetre() {
    $('metre-told').hidden = this.#pattern.metre === '4/4';
  }

  #showModel() {
    $('model-told').textContent = $('model').selectedOptions[0]?.dataset.summary ?? '';
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
