/** Models beside each other: figures, radar, settings that differ, learning curves. */
import {intervals, lineChart, radar} from '../kit/charts.js';
import {badges, called, html, metricName, size, table} from './parts.js';

const SAYS = 'The rim is the best of these models on each figure; halfway to the centre is half as good: twice the error or the surprise, or half the share of right answers.';

/**
 * @param {HTMLElement} element
 * @param {object} found as /api/models/compare tells it
 */
export function showComparison(element, found) {
  const {models} = found;
  const title = html('h2', {id: 'compare-title', tabIndex: -1}, `${models.length} models beside each other`);
  const panel = html('article', {class: 'panel stack', 'aria-labelledby': 'compare-title'}, title);
  element.replaceChildren(panel);
  if (!found.is_one_task) {
    panel.append(html('p', {class: 'models-problem'}, 'These models do different things; their figures cannot be compared.'));
  }
  if (!found.is_one_part) {
    panel.append(html('p', {class: 'muted'}, 'They learned from different music, and each was measured on its own: a difference may be the music’s, so no star is given there.'));
  }
  panel.append(figures(found));
  if (found.is_one_task) pictures(panel, found);
  panel.append(html('h3', {textContent: 'What they are'}), facts(models));
  if (found.settings.length && found.is_one_task) {
    const rows = found.settings.map((one) => [one.key, ...one.cells.map((cell) => cell ?? '–')]);
    panel.append(html('details', {}, html('summary', {textContent: `Settings that differ (${rows.length})`}),
      table({caption: 'Settings that differ', headings: ['Setting', ...models.map(called)], rows})));
  }
}

function figures({models, rows}) {
  const hasStars = rows.some((row) => row.best.length && row.best.length < models.length);
  const made = rows.map((row) => [metricName(row), ...row.cells.map((cell, place) => {
    const box = html('td', {}, cell ? cell.text : '–');
    if (row.best.includes(place) && row.best.length < models.length) {
      box.className = 'best';
      box.textContent = `★ ${cell.text}`;
      box.ariaLabel = `${cell.text}, the best`;
    }
    if (cell?.where) box.append(html('small', {}, cell.where));
    return box;
  })]);
  const hasIntervals = rows.some((row) => row.cells.some((cell) => cell && cell.low !== null));
  const brackets = hasIntervals
    ? 'brackets are 95% intervals, where a model was judged piece by piece'
    : 'as the trainings left them, without intervals: a small difference may be chance. A registered version is judged piece by piece, and gets intervals, by “chromasonic models card NAME@VERSION --judge” in a terminal';
  return table({
    caption: `Figures; ${brackets}.${hasStars ? ` A star is the best of figures measured on the same music${hasIntervals ? '; where intervals overlap, it may be chance' : ''}.` : ''}`,
    headings: ['Figure', ...models.map(called)], rows: made,
  });
}

function pictures(panel, found) {
  const {models, rows} = found;
  const row = html('div', {class: 'models-figures'});
  panel.append(row);
  if (!found.is_one_part) {
    row.append(html('figure', {}, html('figcaption', {}, 'All at once'), html('p', {class: 'muted'}, found.radar.length >= 3
      ? 'Only figures that were measured on the same music are drawn.'
      : 'Not drawn: these models were measured on different music, and shapes laid over each other would compare what cannot be compared. Judge them on the same tunes to see them here.')));
  }
  if (found.radar.length >= 3) {
    const place = html('div');
    row.append(html('figure', {}, html('figcaption', {}, 'All at once'), place));
    radar(place, {
      title: 'Figures of these models at once', says: SAYS, axes: found.radar.map(({label}) => ({label})),
      series: models.map((one, index) => ({
        name: called(one), values: found.radar.map((axis) => axis.shares[index]), texts: found.radar.map((axis) => axis.texts[index]),
      })),
    });
  }
  oneFigure(row, models, rows);
  learning(row, found);
}

function oneFigure(place, models, rows) {
  const fit = rows.filter((one) => one.cells.some(Boolean));
  if (!fit.length) return;
  const select = html('select', {ariaLabel: 'Figure'}, ...fit.map((one) => new Option(one.name, one.metric)));
  const chart = html('div');
  place.append(html('figure', {}, html('figcaption', {}, 'One figure', select), chart));
  const draw = () => {
    const row = fit.find((one) => one.metric === select.value);
    const better = row.is_lower_better === null ? '' : row.is_lower_better ? 'lower' : 'higher';
    const there = models.flatMap((one, index) => (row.cells[index] ? [{...row.cells[index], name: called(one)}] : []));
    intervals(chart, {title: row.name, unit: row.unit, better, rows: there});
  };
  select.addEventListener('change', draw);
  draw();
}

function learning(place, {models, curves, is_one_part: isOnePart}) {
  const series = models.flatMap((one, index) => {
    const curve = curves[index].find((each) => each.epochs.length > 1 && each.epochs[0].val !== null);
    return curve ? [{name: called(one), place: index, points: curve.epochs.map((epoch) => [epoch.n, epoch.val])}] : [];
  });
  if (!series.length) return;
  const chart = html('div');
  const note = isOnePart ? [] : [html('p', {class: 'muted'}, 'Each on its own music: compare how they fall, not how low they lie.')];
  place.append(html('figure', {}, html('figcaption', {}, 'Validation loss while learning'), chart, ...note));
  lineChart(chart, {title: 'Validation loss while learning', x: {label: 'Epoch', whole: true}, y: {label: ''}, series, height: 260});
}

function facts(models) {
  const of = (pick) => models.map(pick);
  const rows = [
    ['In use as', ...of((one) => (one.aliases.length ? badges(one) : '–'))],
    ['Kind', ...of((one) => `${one.task} ${one.kind}`)],
    ['Parameters', ...of((one) => one.parameters_said || '–')],
    ['Learned from', ...of((one) => one.corpora.join(', ') || 'not recorded')],
    ['The weights', ...of((one) => one.terms)],
    ['Began from', ...of((one) => one.parent || '–')],
    ['Seed', ...of((one) => (one.seed ?? '–').toString())],
    ['Size', ...of((one) => size(one.size_bytes))],
  ];
  return table({isNamed: true, caption: 'What they are', headings: ['What', ...models.map(called)], rows});
}
