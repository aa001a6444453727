/** What is going on at this moment: the gesture in large letters, and how likely each one is. */
import {deed, percent} from './timeline.js';

const BARS = 5;

export class Now {
  #word;
  #told;
  #bars;
  #shown = null;
  #colourOf;

  /** @param {HTMLElement} element @param {(name: string) => string} colourOf */
  constructor(element, colourOf) {
    this.#word = element.querySelector('.word');
    this.#told = element.querySelector('.told');
    this.#bars = element.querySelector('.likely');
    this.#colourOf = colourOf;
  }

  show(data, course) {
    this.#shown = {data, course};
    const rows = course.classes.slice(0, 12).map((name) => {
      const row = document.createElement('li');
      const [track, bar] = ['i', 'b'].map((one) => document.createElement(one));
      const [word, share] = ['span', 'span'].map((one) => document.createElement(one));
      word.textContent = name;
      share.className = 'share';
      bar.style.background = this.#colourOf(name);
      track.append(bar);
      row.append(word, track, share);
      return row;
    });
    this.#bars.replaceChildren(...rows.slice(0, Math.max(BARS, rows.length)));
    this.at(0);
  }

  clear() {
    this.#shown = null;
    this.#word.textContent = '';
    this.#told.textContent = '';
    this.#bars.replaceChildren();
  }

  at(seconds) {
    if (!this.#shown) return;
    const {data, course} = this.#shown;
    const event = data.events.find(({start, end}) => start <= seconds && seconds < end);
    this.#word.textContent = event ? event.class ?? '?' : '–';
    this.#word.style.color = event?.class ? this.#colourOf(event.class) : '';
    this.#told.textContent = sentence(event, data);
    const answer = answerAt(course, seconds, event);
    [...this.#bars.children].forEach((row, n) => {
      const share = answer < 0 ? 0 : course.chances[n][answer];
      row.querySelector('b').style.width = `${share * 100}%`;
      row.querySelector('.share').textContent = percent(share);
    });
  }
}

function sentence(event, data) {
  if (!event) return data.events.length ? 'At rest' : 'Nothing was found in this recording.';
  if (!event.class) return `A movement, most like ${event.nearest} (${percent(event.certainty)}): not sure enough`;
  const plays = event.did.length ? `; plays ${event.did.map(deed).join(', ')}` : '; plays nothing';
  return `${percent(event.certainty)} certain${plays}`;
}

/** The answer that holds at a time; -1 where the model is silent. */
function answerAt({times, gap, is_causal: isCausal}, seconds, event) {
  if (!isCausal && !event) return -1; // one that looks at whole movements has none between them
  const until = isCausal ? seconds : event.recognized + 1e-3;
  let at = -1;
  for (let n = 0; n < times.length && times[n] <= until; n += 1) at = n;
  return at >= 0 && isCausal && seconds - times[at] > gap ? -1 : at;
}
