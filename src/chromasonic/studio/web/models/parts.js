/** Small parts that the views of the Models page are built of. */
import {html} from '../kit/chart-parts.js';
import {captionedTable} from '../kit/table.js';

export {html};

/** A table as this page draws them. */
export const table = (content) => captionedTable({...content, name: 'models-table'});

export function size(bytes) {
  if (bytes < 1e4) return `${bytes.toLocaleString('en')} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function day(text) {
  const date = new Date(text);
  return Number.isNaN(date.valueOf()) ? '' : date.toLocaleDateString(undefined, {day: 'numeric', month: 'short', year: 'numeric'});
}

export function moment(text) {
  const date = new Date(text);
  return Number.isNaN(date.valueOf()) ? text : date.toLocaleString(undefined, {dateStyle: 'medium', timeStyle: 'short'});
}

/** What a version is called: "version 2", or "comes with Chromasonic". */
export function called(model) {
  return model.is_shipped ? model.name : `${model.name}, version ${model.version}`;
}

export function badges(model) {
  const found = model.aliases.map((alias) => html('span', {class: 'models-badge'}, alias));
  if (model.is_made_up) found.push(html('span', {class: 'models-badge warn'}, 'made-up data'));
  return found;
}

export function arrow(isLowerBetter) {
  if (isLowerBetter === null) return '';
  return isLowerBetter ? '↓' : '↑';
}

/** A figure's name with the direction that is better, said for everyone. */
export function metricName({name, meaning, is_lower_better: lower}) {
  const sign = html('span', {'aria-label': lower === null ? '' : lower ? 'lower is better' : 'higher is better', role: 'img'}, ` ${arrow(lower)}`);
  const parts = [name];
  if (lower !== null) parts.push(sign);
  if (meaning) parts.push(html('small', {}, meaning));
  return parts;
}
