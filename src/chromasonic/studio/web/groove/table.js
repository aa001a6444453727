/** Every hit in words and numbers: what the grid draws, for whoever does not see it. */
import {inWords} from './grid.js';

const MOST = 400;

/**
 * @param {HTMLDetailsElement} details filled when it is open
 * @param {object} hits as the studio keeps them
 * @param {import('./pattern.js').Pattern} pattern
 * @param {{name: string, pitch: number}[]} drums
 */
export function drawTable(details, hits, pattern, drums) {
  const place = details.querySelector('div');
  if (!details.open) return;
  if (!hits) {
    place.textContent = 'Nothing was played yet.';
    return;
  }
  const table = document.createElement('table');
  table.className = 'hits';
  const names = new Map(drums.map(({name, pitch}) => [pitch, name]));
  const head = ['Where', 'Drum', 'Written', 'Played', 'Early or late'];
  const rows = hits.pitch.slice(0, MOST).map((pitch, n) => [
    hits.step ? pattern.placeOf(hits.step[n]) : `${hits.onset[n].toFixed(2)} s`,
    names.get(pitch) ?? `Drum ${pitch}`,
    hits.velocity[n], hits.played[n],
    inWords(hits.shift[n]) + (hits.left?.[n] ? ' (its time was left alone)' : ''),
  ]);
  table.append(row(head, 'th'), ...rows.map((one) => row(one, 'td')));
  const caption = table.createCaption();
  caption.className = 'muted';
  caption.textContent = hits.pitch.length > MOST
    ? `The first ${MOST} of ${hits.pitch.length} hits` : `${hits.pitch.length} hits`;
  place.replaceChildren(table);
}

function row(values, kind) {
  const line = document.createElement('tr');
  for (const value of values) {
    const cell = document.createElement(kind);
    cell.textContent = value;
    if (kind === 'th') cell.scope = 'col';
    line.append(cell);
  }
  return line;
}
