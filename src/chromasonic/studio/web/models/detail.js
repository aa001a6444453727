/** One model: figures, card, curves, files, history. */
import {intervals, lineChart} from '../kit/charts.js';
import {tabs} from '../kit/tabs.js';
import {cardNodes} from './card.js';
import {badges, called, html, metricName, moment, size, table} from './parts.js';

/**
 * @param {HTMLElement} element
 * @param {object} model as /api/models/show tells it
 * @param {{buttons: HTMLElement[]}} options
 */
export function showModel(element, model, {buttons}) {
  const parts = [
    ['overview', 'Overview', overview], ['card', 'Card', card], ['curves', 'Curves', curves],
    ['files', 'Files', files], ['history', 'History', past],
  ].filter(([id]) => (id !== 'history' || !model.is_shipped) && (id !== 'curves' || model.curves.length) && (id !== 'card' || model.card));
  const bar = html('div', {role: 'tablist', 'aria-label': 'About this model'}, ...parts.map(([id, title], place) =>
    html('button', {role: 'tab', type: 'button', 'aria-controls': `model-${id}`, ariaSelected: String(place === 0)}, title)));
  const panels = parts.map(([id, , draw]) => {
    const panel = html('div', {id: `model-${id}`, class: 'stack'});
    draw(panel, model);
    return panel;
  });
  const title = html('div', {class: 'models-title'}, html('h2', {id: 'model-title', tabIndex: -1}, called(model)), ...badges(model));
  const note = model.note && (model.is_shipped ? model.note : `“${model.note}”`);
  const about = [model.title, note].filter(Boolean).join(model.is_shipped ? '. ' : ' · ');
  const work = html('div', {id: 'model-work', hidden: true});
  const place = html('div', {class: 'tabs'}, bar, ...panels);
  element.replaceChildren(html(
    'article', {class: 'panel stack', 'aria-labelledby': 'model-title'}, title, html('p', {class: 'muted'}, about),
    html('div', {class: 'row'}, ...buttons), work, place,
  ));
  tabs(place);
}

function overview(panel, model) {
  panel.append(figuresTable(model.figures));
  const withInterval = model.figures.filter((one) => one.low !== null).slice(0, 1);
  for (const one of withInterval) {
    const place = html('div');
    panel.append(html('h3', {textContent: `${one.name}, with its 95% interval`}), place);
    intervals(place, {
      title: one.name, unit: `${one.unit}; ${one.where}`, better: one.is_lower_better ? 'lower' : 'higher',
      rows: [{...one, name: called(model)}],
    });
  }
  panel.append(html('h3', {textContent: 'Learned from'}), corpora(model));
  panel.append(html('p', {}, html('strong', {textContent: 'The weights: '}), `${model.terms}`));
  if (model.lineage.length) {
    panel.append(html('h3', {textContent: 'Where it comes from'}),
      html('pre', {class: 'models-lineage', tabIndex: 0, role: 'region', 'aria-label': 'Lineage'}, model.lineage.join('\n')));
  }
  const known = {Kind: `${model.task} ${model.kind}`, Parameters: model.parameters_said, Seed: model.seed, Run: model.run, Registered: model.created && moment(model.created), 'Began from': model.parent};
  const rows = Object.entries(known).filter(([, value]) => value !== undefined && value !== null && value !== '').map(([key, value]) => [key, String(value)]);
  panel.append(html('h3', {textContent: 'Facts'}), table({isNamed: true, caption: 'Facts', headings: ['What', 'Value'], rows}));
  const settings = Object.entries(model.recipe);
  if (settings.length) {
    panel.append(html('details', {}, html('summary', {textContent: `Every setting of its training (${settings.length})`}),
      table({caption: 'Settings', headings: ['Setting', 'Value'], rows: settings})));
  }
}

function figuresTable(figures) {
  if (!figures.length) return html('p', {class: 'muted'}, 'No figures are known of it.');
  const rows = figures.map((one) => [metricName(one), one.text, one.unit, one.where || 'its validation part']);
  return table({caption: 'Figures', headings: ['Figure', 'Value', 'Unit', 'Measured on'], rows});
}

function corpora(model) {
  if (!model.corpora.length) return html('p', {class: 'muted'}, 'Not recorded.');
  const rows = model.corpora.map((one) => {
    const name = one.title || one.name;
    const link = /^https?:/.test(one.url) ? html('a', {href: one.url, rel: 'noopener noreferrer', target: '_blank'}, name) : name;
    return [link, one.licence || 'not recorded', one.citation];
  });
  return table({isNamed: true, caption: 'Corpora', headings: ['Corpus', 'Licence', 'Citation'], rows});
}

function card(panel, model) {
  panel.append(html('div', {class: 'models-card'}, ...cardNodes(model.card)));
}

function curves(panel, model) {
  const run = model.curves;
  for (const curve of run) {
    const place = html('figure', {}, html('figcaption', {}, run.length > 1 ? `${curve.title}: loss` : `Loss, ${curve.unit}`));
    const chart = html('div');
    place.append(chart);
    panel.append(html('div', {class: 'models-figures'}, place));
    const line = (pick) => curve.epochs.map((one) => [one.n, pick(one)]);
    const isReward = curve.x === 'episode';
    lineChart(chart, {
      title: `${curve.title} of ${called(model)}`, x: {label: isReward ? 'Episode' : 'Epoch', whole: true}, y: {label: ''}, height: 220,
      series: isReward
        ? [{name: 'Reward', points: line((one) => one.metrics.reward[0])}]
        : [{name: 'Validation', points: line((one) => one.val)}, {name: 'Training', points: line((one) => one.train), dashes: 1}],
    });
  }
}

function files(panel, model) {
  const rows = (all) => all.map((one) => [html('span', {class: 'models-hash'}, one.name), size(one.bytes), html('span', {class: 'models-hash'}, one.sha256)]);
  panel.append(table({caption: 'Files of the model', headings: ['File', 'Size', 'SHA-256'], rows: rows(model.files)}));
  for (const one of model.exported) {
    panel.append(table({caption: `Exported as ${one.format}, ${moment(one.created)}`, headings: ['File', 'Size', 'SHA-256'], rows: rows(one.files)}));
  }
}

function past(panel, model) {
  if (!model.history.length) {
    panel.append(html('p', {class: 'muted'}, `No version of ${model.name} was put in use yet.`));
    return;
  }
  panel.append(html('ol', {class: 'models-history'}, ...model.history.map((one) => {
    const before = one.before === null ? 'new' : `was version ${one.before}`;
    const what = one.after === null ? `${one.alias} was taken away` : `${one.alias} is version ${one.after}, ${before}`;
    const how = one.kind === 'rollback' ? ' (rolled back)' : '';
    return html('li', {}, html('span', {textContent: `${what}${how}`}), html('small', {class: 'muted', textContent: [moment(one.when), one.who, one.why].filter(Boolean).join(' · ')}));
  })));
}
