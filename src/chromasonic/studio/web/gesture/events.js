/** The gestures as a list: when, which, how surely, what it played; each leads there. */
import {clock as clockTime} from '../kit/transport.js';
import {deed, percent} from './timeline.js';

const MOST = 300;

/**
 * @param {HTMLElement} element is filled
 * @param {{events: object[]}} data
 * @param {import('./clock.js').Clock} clock
 * @param {(name: string) => string} colourOf
 */
export function listEvents(element, {events}, clock, colourOf) {
  const ordered = [...events].sort((a, b) => a.start - b.start);
  const rows = ordered.slice(0, MOST).map((event) => {
    const item = document.createElement('li');
    const go = document.createElement('button');
    go.type = 'button';
    go.className = 'quiet moment';
    const dot = document.createElement('i');
    dot.style.background = event.class ? colourOf(event.class) : 'transparent';
    go.append(
      part('time', clockTime(event.start) + (event.start % 1).toFixed(1).slice(1)), dot,
      part('gesture', event.class ?? `? (like ${event.nearest})`),
      part('share', percent(event.certainty)),
      part('did', event.did.map(deed).join(', ') || '–'),
    );
    go.addEventListener('click', () => clock.seek(event.start));
    item.append(go);
    return item;
  });
  if (ordered.length > MOST) {
    rows.push(Object.assign(document.createElement('li'), {textContent: `and ${ordered.length - MOST} more`, className: 'muted'}));
  }
  if (!rows.length) {
    rows.push(Object.assign(document.createElement('li'), {textContent: 'No movement was found.', className: 'muted'}));
  }
  element.replaceChildren(...rows);
  const mark = () => {
    const at = clock.position + 1e-3;
    rows.forEach((row, n) => {
      const isNow = ordered[n] && ordered[n].start <= at && at < ordered[n].end;
      if (row.classList.contains('is-now') !== Boolean(isNow)) row.classList.toggle('is-now', Boolean(isNow));
    });
    if (!element.isConnected || element.firstChild !== rows[0]) clock.removeEventListener('time', mark);
  };
  clock.addEventListener('time', mark);
}

function part(name, text) {
  return Object.assign(document.createElement('span'), {className: name, textContent: text});
}
