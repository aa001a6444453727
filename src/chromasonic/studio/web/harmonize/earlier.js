/** What was set before: to be opened again, or taken away. */
import {call, post} from '../kit/api.js';
import {ask} from '../kit/dialog.js';
import {button} from '../kit/icons.js';
import {notice} from '../kit/notices.js';
import {when} from '../kit/when.js';

const MOST = 12;

/** The list at the end of the page. */
export class EarlierSettings {
  #element;

  /** @param {HTMLElement} element a section with a list in it */
  constructor(element) {
    this.#element = element;
  }

  /** @param {string} [here] the piece that the page shows */
  async show(here = '') {
    const {pieces} = await call('/api/pieces?kind=harmony');
    this.#element.hidden = pieces.length < (here ? 2 : 1);
    this.#element.querySelector('ul').replaceChildren(...pieces.slice(0, MOST).map((one) => this.#line(one, here)));
  }

  #line({id, title, made}, here) {
    const line = document.createElement('li');
    const open = Object.assign(document.createElement('a'), {href: `/harmonize?piece=${id}`});
    if (id === here) open.setAttribute('aria-current', 'page');
    open.append(Object.assign(document.createElement('span'), {className: 'earlier-name', textContent: title}),
      Object.assign(document.createElement('span'), {className: 'small muted', textContent: when(made)}));
    const remove = button({icon: 'close', label: `Remove ${title}`, kind: 'quiet icon-only'});
    remove.addEventListener('click', async () => {
      const isSure = await ask({title: `Remove “${title}”?`, text: 'Its settings, scores and sounds go with it.', yes: 'Remove', isDangerous: true});
      if (!isSure) return;
      await post(`/api/harmonize/settings/${id}`, {}, 'DELETE');
      notice(`${title} is gone.`);
      if (id === here) location.assign('/harmonize');
      else await this.show(here);
    });
    line.append(open, remove);
    return line;
  }
}
