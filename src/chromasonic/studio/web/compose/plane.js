/** The plane of moods: valence from left to right, arousal from below to above. */

const STEP = 0.05;
const SHOWN = {happy: 0.8, excited: 0.8, tense: 0.7, distressed: 0.78, gloomy: 0.78, sleepy: 0.68, serene: 0.8};
const NEUTRAL = 0.15;
const SLIGHT = 0.45;
const STRONG = 0.9;

/**
 * A place on the plane, chosen by pointer or arrow keys. Event `change` (detail: {valence, arousal},
 * or null without a mood).
 */
export class MoodPlane extends EventTarget {
  #element;
  #field;
  #handle;
  #told;
  #words;
  #place = null;

  /**
   * @param {HTMLElement} element is filled
   * @param {Record<string, number>} words word to its angle in degrees
   */
  constructor(element, words) {
    super();
    this.#element = element;
    this.#words = words;
    element.classList.add('plane');
    this.#field = part('plane-field', {role: 'slider', tabIndex: 0, ariaLabel: 'Mood'});
    this.#field.setAttribute('aria-valuemin', '-1');
    this.#field.setAttribute('aria-valuemax', '1');
    this.#field.setAttribute('aria-describedby', 'plane-keys');
    this.#handle = part('plane-handle');
    this.#told = Object.assign(document.createElement('p'), {className: 'plane-told'});
    const keys = Object.assign(document.createElement('span'), {
      id: 'plane-keys', className: 'unseen',
      textContent: 'Left and right arrows: sad to glad. Up and down: lively and calm. Delete: no mood.',
    });
    this.#field.append(...this.#axes(), ...this.#labels(), this.#handle);
    element.replaceChildren(this.#field, this.#told, keys);
    this.#field.addEventListener('pointerdown', (event) => this.#grab(event));
    this.#field.addEventListener('keydown', (event) => this.#key(event));
    this.#show();
  }

  /** {valence, arousal}, or null. */
  get place() { return this.#place; }

  /** Put the mood somewhere, or take it away with null. */
  set(place, {isQuiet = false} = {}) {
    this.#place = place && {valence: within(place.valence), arousal: within(place.arousal)};
    this.#show();
    if (!isQuiet) this.dispatchEvent(new CustomEvent('change', {detail: this.#place}));
  }

  /** The word of a place. */
  wordOf({valence, arousal}) {
    const radius = Math.hypot(valence, arousal);
    if (radius < NEUTRAL) return 'neutral';
    const angle = (Math.atan2(arousal, valence) * 180) / Math.PI;
    const apart = (other) => Math.abs(((((angle - other + 180) % 360) + 360) % 360) - 180);
    const word = Object.keys(this.#words).reduce((a, b) => (apart(this.#words[b]) < apart(this.#words[a]) ? b : a));
    return radius < SLIGHT ? `a little ${word}` : radius >= STRONG ? `very ${word}` : word;
  }

  #show() {
    const place = this.#place;
    this.#element.classList.toggle('has-place', Boolean(place));
    const {valence, arousal} = place ?? {valence: 0, arousal: 0};
    this.#handle.style.left = `${(valence + 1) * 50}%`;
    this.#handle.style.top = `${(1 - arousal) * 50}%`;
    const word = place ? this.wordOf(place) : '';
    this.#field.setAttribute('aria-valuenow', String(valence));
    this.#field.setAttribute(
      'aria-valuetext',
      place ? `${word}: valence ${signed(valence)}, arousal ${signed(arousal)}` : 'no mood chosen',
    );
    const words = document.createElement(place ? 'strong' : 'span');
    words.textContent = place ? word : 'No mood: the model is left to itself.';
    const numbers = Object.assign(document.createElement('span'), {
      className: 'muted', textContent: place ? ` valence ${signed(valence)} · arousal ${signed(arousal)}` : '',
    });
    this.#told.replaceChildren(words, numbers);
  }

  #grab(event) {
    if (event.button) return;
    const move = ({clientX, clientY}) => {
      const box = this.#field.getBoundingClientRect();
      this.set({
        valence: ((clientX - box.left) / box.width) * 2 - 1,
        arousal: 1 - ((clientY - box.top) / box.height) * 2,
      });
    };
    this.#field.focus({preventScroll: true});
    this.#field.setPointerCapture(event.pointerId);
    const stop = new AbortController();
    this.#field.addEventListener('pointermove', move, {signal: stop.signal});
    for (const name of ['pointerup', 'pointercancel']) {
      this.#field.addEventListener(name, () => stop.abort(), {signal: stop.signal});
    }
    move(event);
    event.preventDefault();
  }

  #key(event) {
    const far = event.shiftKey ? 4 * STEP : STEP;
    const [right, up] = {
      ArrowRight: [far, 0], ArrowLeft: [-far, 0], ArrowUp: [0, far], ArrowDown: [0, -far],
      PageUp: [0, 0.25], PageDown: [0, -0.25], Home: [-2, 0], End: [2, 0],
    }[event.key] ?? [0, 0];
    if (right || up) {
      const {valence, arousal} = this.#place ?? {valence: 0, arousal: 0};
      this.set({valence: valence + right, arousal: arousal + up});
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.set(null);
    else return;
    event.preventDefault();
  }

  #axes() {
    const ends = {left: 'sad', right: 'glad', top: 'lively', bottom: 'calm'};
    return Object.entries(ends).map(([side, text]) => {
      const one = part(`plane-end plane-end-${side}`);
      one.textContent = text;
      one.ariaHidden = 'true';
      return one;
    });
  }

  #labels() {
    return Object.entries(SHOWN).filter(([word]) => word in this.#words).map(([word, radius]) => {
      const one = part('plane-word');
      const angle = (this.#words[word] * Math.PI) / 180;
      one.textContent = word;
      one.ariaHidden = 'true';
      one.style.left = `${50 + 50 * radius * Math.cos(angle)}%`;
      one.style.top = `${50 - 50 * radius * Math.sin(angle)}%`;
      return one;
    });
  }
}

/** "+0.30" or "−0.30". */
export function signed(value) {
  return `${value < -0.004 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

function within(value) {
  return Math.round(Math.min(1, Math.max(-1, value)) * 100) / 100;
}

function part(className, values = {}) {
  return Object.assign(document.createElement('div'), {className, ...values});
}
