/** How runs are told in words. */
import {said} from '../kit/charts.js';

export const STATES = {
  queued: 'waiting', starting: 'starting', running: 'learning', stopping: 'stopping', stopped: 'stopped',
  interrupted: 'interrupted', failed: 'failed', done: 'done', gone: 'gone',
  unheard: 'not known',
};
export const TASKS = {
  melody: ['Melody', 'Writes tunes.'],
  companion: ['Companion', 'Five small models that play along in real time.'],
  harmonizer: ['Harmonizer', 'Sets tunes for two or four voices.'],
  gesture: ['Gesture', 'Recognizes movements.'],
};

/** A stretch of time: "about 4 minutes". */
export function duration(seconds) {
  if (seconds < 50) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.max(1, Math.round(seconds / 60))} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** When something was, from here: "3 hours ago". */
export function ago(text) {
  const seconds = (Date.now() - new Date(text)) / 1000;
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 60) return 'just now';
  const [size, unit] = [[86400, 'day'], [3600, 'hour'], [60, 'minute']].find(([one]) => seconds >= one);
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count > 1 ? 's' : ''} ago`;
}

/** A metric's value; shares as percent. */
export function figure({name, value}) {
  const isShare = /accuracy|share|f1|top/i.test(name) && value >= 0 && value <= 1;
  return `${isShare ? `${(value * 100).toFixed(1)}%` : said(value)} ${name}`;
}

/** What a run is, in a line. */
export function about(run) {
  const kinds = run.kinds.length > 2 ? `${run.kinds.length} models` : run.kinds.map((one) => one.title).join(', ');
  const task = TASKS[run.task]?.[0] ?? run.task;
  const corpora = run.corpora.length > 2 ? `${run.corpora.length} corpora` : run.corpora.join(', ');
  return [task, kinds === task || kinds === 'gesture' ? '' : kinds, corpora].filter(Boolean).join(' · ');
}

/** Where a training is: {share, words}. */
export function progress(state, curves = []) {
  const {epoch = 0, epochs = 0, batch = 0, batches = 0, message = ''} = state;
  if (state.state === 'queued') return {share: null, words: 'Waits until the training before it has ended.'};
  if (state.state === 'stopping') return {share: null, words: 'Stopping …'};
  const isLearning = message === 'Learning' || message === 'Playing episodes';
  if (!isLearning || !epochs) return {share: null, words: `${message || 'Starting'} …`};
  if (message === 'Playing episodes') {
    return {share: epoch / epochs, words: `${said(epoch)} of ${said(epochs)} episodes`};
  }
  const share = (epoch - 1 + (batches ? batch / batches : 0)) / epochs;
  const own = curves.find((one) => state.model === one.key || state.model === `melody_${one.key}`);
  const times = (own?.epochs ?? []).slice(-5).map((one) => one.seconds).filter(Boolean);
  const each = times.reduce((sum, one) => sum + one, 0) / times.length;
  const first = batch ? ((state.updated - state.epoch_began) / batch) * batches : NaN; // of the first epoch
  const rest = (times.length ? each : first) * epochs * (1 - share);
  const left = rest > 0 ? `, about ${duration(rest)} left` : '';
  const name = own && state.kinds > 1 ? `${own.title}: ` : '';
  const within = batches && batch < batches ? `, ${Math.round((100 * batch) / batches)}% of it` : '';
  return {share, words: `${name}Epoch ${epoch} of ${epochs}${within}${left}`};
}
