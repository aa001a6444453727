/** One run, with others laid over it: how it stands, its curves, what they say. */
import {lineChart} from '../kit/charts.js';
import {about, progress, STATES} from './words.js';

const byId = (id) => document.getElementById(id);
const said_name = (name) => name.replaceAll('_', ' ');

export class Detail {
  #charts = {};
  #kind = '';
  #metric = '';

  constructor() {
    for (const id of ['log', 'training', 'smoothing']) byId(id).addEventListener('input', () => this.#drawCurves());
    byId('model').addEventListener('change', ({target}) => {
      this.#kind = target.value;
      this.#drawCurves();
    });
    byId('metric').addEventListener('change', ({target}) => {
      this.#metric = target.value;
      this.#drawCurves();
    });
  }

  /**
   * @param {object} run the one that is looked at
   * @param {object[]} others laid over it
   */
  show(run, others) {
    [this.run, this.others] = [run, others];
    byId('detail').hidden = false;
    byId('detail-title').textContent = run.name;
    const state = run.state.state;
    const badge = byId('detail-state');
    badge.textContent = STATES[state] ?? state;
    badge.dataset.state = state;
    byId('detail-about').textContent = this.#about(run);
    this.#drawProgress(run);
    this.#drawFailure(run);
    this.#drawCurves();
    this.#drawReading(run);
  }

  #about(run) {
    const parts = [about(run)];
    if (run.state.parameters) parts.push(`${run.state.parameters.toLocaleString('en')} parameters`);
    if (run.state.by === 'terminal') parts.push('started in a terminal');
    const seconds = run.curves.flatMap((one) => one.epochs).reduce((sum, one) => sum + (one.seconds ?? 0), 0);
    if (seconds > 1) parts.push(`${seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`} of learning`);
    return parts.join(' · ');
  }

  #drawProgress(run) {
    const place = byId('detail-progress');
    place.hidden = !run.is_live;
    if (!run.is_live) return;
    const {share, words} = progress({...run.state, kinds: run.kinds.length}, run.curves);
    byId('detail-words').textContent = words;
    const bar = place.querySelector('progress');
    if (share === null) bar.removeAttribute('value');
    else bar.value = share;
  }

  #drawFailure(run) {
    const place = byId('detail-failed');
    place.hidden = run.state.state !== 'failed';
    if (place.hidden) return place.replaceChildren();
    const words = Object.assign(document.createElement('p'), {textContent: run.state.error ?? 'The training failed.'});
    const parts = [words];
    if (run.state.log?.length) {
      const details = document.createElement('details');
      const pre = Object.assign(document.createElement('pre'), {textContent: run.state.log.join('\n'), tabIndex: 0});
      details.append(Object.assign(document.createElement('summary'), {textContent: 'The last lines that it wrote'}), pre);
      parts.push(details);
    }
    return place.replaceChildren(...parts);
  }

  #drawCurves() {
    const {run, others} = this;
    const own = this.#chooseModel(run);
    this.#chooseMetric(own);
    const runs = [run, ...others];
    const isAlone = runs.length === 1;
    const series = (pick, hasTraining) => runs.flatMap((one, place) => {
      const curve = one.curves.find(({key}) => key === own?.key) ?? (one === run ? null : one.curves[0]);
      if (!curve) return [];
      const line = (part) => curve.epochs.map((epoch) => [epoch.n, pick(epoch, part)]);
      const name = isAlone ? '' : one.name;
      const made = [];
      const val = line(1);
      if (val.some(([, y]) => y !== null)) made.push({name: name || 'Validation', points: val, place, dashes: 0});
      const train = line(0);
      const isOnly = !made.length;
      if ((hasTraining || isOnly) && train.some(([, y]) => y !== null)) {
        made.push({name: name ? `${name}, training` : 'Training', points: train, place: isAlone && !isOnly ? 1 : place, dashes: isOnly ? 0 : 1});
      }
      return made;
    });
    const shared = {smoothing: Number(byId('smoothing').value), height: 260};
    const hasTraining = byId('training').checked;
    const x = {label: own?.x === 'episode' ? 'Episode' : 'Epoch', whole: true};
    byId('hint').textContent = own?.x === 'episode'
      ? 'Each point is the mean reward of a stretch of episodes. Choose runs in the list to lay them over this one.'
      : 'Full lines: the validation part, which it does not learn from. Dashed: the training part. Choose runs in the list to lay them over this one.';
    const first = run.task === 'harmonizer' ? 'with the first episodes' : 'after the first epoch';
    const empty = run.is_live ? `Appears ${first}.` : 'No epoch was ended.';
    const isLog = byId('log').checked;
    const metric = this.#metric;
    const loss = (epoch, part) => (part ? epoch.val : epoch.train);
    const hasLoss = !own || own.epochs.length === 0 || own.epochs.some((one) => one.val !== null);
    byId('loss').closest('figure').hidden = !hasLoss;
    byId('loss-title').textContent = own?.unit ? `Loss, ${own.unit}` : 'Loss';
    this.#chart('loss', {...shared, x, empty, title: `Loss of ${run.name}`, y: {label: '', log: isLog}, series: series(loss, hasTraining)});
    this.#chart('figure', {
      ...shared, x, empty, title: `${said_name(metric || 'Figure')} of ${run.name}`, y: {label: '', log: isLog},
      series: series((epoch, part) => epoch.metrics[metric]?.[part] ?? null, hasTraining),
    });
  }

  #chart(id, options) {
    if (this.#charts[id]) this.#charts[id].update(options);
    else this.#charts[id] = lineChart(byId(id), options);
  }

  #chooseModel(run) {
    const keys = run.curves.map((one) => one.key);
    if (!keys.includes(this.#kind)) this.#kind = keys.at(run.is_live ? -1 : 0) ?? '';
    byId('model-field').hidden = keys.length < 2;
    options(byId('model'), run.curves.map((one) => [one.key, one.title]), this.#kind);
    return run.curves.find((one) => one.key === this.#kind);
  }

  #chooseMetric(curve) {
    const names = curve?.metrics ?? [];
    if (!names.includes(this.#metric)) this.#metric = names.includes(curve?.headline) ? curve.headline : (names[0] ?? '');
    options(byId('metric'), names.map((name) => [name, said_name(name)]), this.#metric);
    byId('metric').closest('figure').hidden = names.length === 0;
  }

  #drawReading(run) {
    const several = run.reading.length > 1;
    const found = run.reading.flatMap(({title, findings}) => findings.map((one) => ({...one, title})));
    if (!found.length) {
      const ofNone = run.is_live ? 'They are read as soon as there are some.' : 'There are no curves to read.';
      const words = run.task === 'harmonizer' ? 'Rewards are read when it has ended.' : ofNone;
      byId('reading').replaceChildren(Object.assign(document.createElement('p'), {className: 'muted', textContent: words}));
      return;
    }
    const key = JSON.stringify(found);
    if (byId('reading').dataset.key === key) return;
    byId('reading').dataset.key = key;
    byId('reading').replaceChildren(...found.map(({severity, says, advice, title}) => {
      const place = Object.assign(document.createElement('div'), {className: 'finding'});
      place.dataset.severity = severity;
      const head = {problem: 'Problem', warning: 'Look at this', note: 'Note', good: 'Good'}[severity];
      const words = document.createElement('p');
      words.append(Object.assign(document.createElement('strong'), {textContent: `${several ? `${title}: ` : ''}${head}. `}), says);
      place.append(words);
      if (advice) place.append(Object.assign(document.createElement('p'), {className: 'muted', textContent: advice}));
      return place;
    }));
  }
}

function options(select, all, value) {
  const key = JSON.stringify(all);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...all.map(([one, label]) => new Option(label, one)));
  }
  select.value = value;
}

