/** The list of runs: choose one to see it, tick others to lay them over it. */
import {html} from '../kit/chart-parts.js';
import {about, ago, figure, progress, STATES} from './words.js';

/**
 * @param {HTMLUListElement} element
 * @param {{onOpen: (id: string) => void, onLay: (id: string, isOn: boolean) => void}} options
 */
export function runList(element, {onOpen, onLay}) {
  const rows = new Map();

  function rowOf(id) {
    if (rows.has(id)) return rows.get(id);
    const row = document.createElement('li');
    row.className = 'train-run';
    row.append(
      html('input', {type: 'checkbox'}),
      html('button', {type: 'button'}, html('strong'), html('small')),
      html('span', {class: 'train-badge'}), html('progress', {max: 1, hidden: true}),
    );
    row.querySelector('button').addEventListener('click', () => onOpen(id));
    row.querySelector('input').addEventListener('change', ({target}) => onLay(id, target.checked));
    rows.set(id, row);
    return row;
  }

  function draw(run, selected, laid) {
    const row = rowOf(run.id);
    const [box, open, badge, bar] = row.children;
    const state = run.state.state;
    open.firstElementChild.textContent = run.name;
    open.lastElementChild.textContent = [about(run), run.best && figure(run.best), ago(run.date)].filter(Boolean).join(' · ');
    badge.textContent = STATES[state] ?? state;
    badge.dataset.state = state;
    badge.hidden = state === 'done';
    box.ariaLabel = `Lay ${run.name} over the others`;
    box.checked = run.id === selected || laid.includes(run.id);
    box.disabled = run.id === selected;
    row.toggleAttribute('data-selected', run.id === selected);
    if (run.id === selected) open.setAttribute('aria-current', 'true');
    else open.removeAttribute('aria-current');
    bar.hidden = !run.is_live;
    bar.ariaLabel = `Progress of ${run.name}`;
    const {share} = progress(run.state);
    if (share === null) bar.removeAttribute('value');
    else bar.value = share;
    return row;
  }

  return {
    /** @param {object[]} runs @param {string} selected @param {string[]} laid */
    show(runs, selected, laid) {
      element.removeAttribute('aria-busy');
      const wanted = runs.map((run) => draw(run, selected, laid));
      for (const row of [...element.children]) if (!wanted.includes(row)) row.remove();
      wanted.forEach((row, place) => {
        if (element.children[place] !== row) element.insertBefore(row, element.children[place] ?? null);
      });
      if (!runs.length) {
        const none = Object.assign(document.createElement('li'), {className: 'muted', textContent: 'No run of this kind.'});
        element.replaceChildren(none);
      }
    },
  };
}
