/** What the votes leave possible, vote by vote: the interval that closes around the share. */
import {html, svg, tableBelow, ticks} from '../kit/chart-parts.js';

const MARGIN = {top: 10, right: 10, bottom: 32, left: 46};
const HEIGHT = 260;
const percent = (value) => `${Math.round(100 * value)}%`;

/**
 * Draws a pair's looks; `update` draws newer ones in place.
 */
export class Evidence {
  /**
   * @param {HTMLElement} element is filled
   * @param {{margin: number, names: string[]}} options half the width of "no difference"; the two versions
   */
  constructor(element, {margin, names}) {
    this.margin = margin;
    this.names = names;
    this.looks = [];
    element.classList.add('chart', 'evidence');
    this.picture = svg('svg', {role: 'img', height: HEIGHT});
    this.plot = html('div', {class: 'chart-plot'}, this.picture);
    element.replaceChildren(this.plot);
    this.fillTable = tableBelow(element, () => this.table());
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  /** @param {{looks: object[], low: number, high: number, share: number | null}} pair */
  update(pair) {
    this.looks = pair.looks;
    this.pair = pair;
    this.draw();
    this.fillTable?.();
  }

  draw() {
    const width = Math.max(220, this.plot.clientWidth);
    const most = Math.max(10, ...this.looks.map((look) => look.votes));
    const x = (votes) => MARGIN.left + (width - MARGIN.left - MARGIN.right) * votes / most;
    const y = (share) => MARGIN.top + (HEIGHT - MARGIN.top - MARGIN.bottom) * (1 - share);
    this.picture.setAttribute('width', width);
    this.picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.picture.setAttribute('aria-label', this.words());
    const right = width - MARGIN.right;
    const parts = [svg('rect', {
      class: 'same', x: MARGIN.left, width: right - MARGIN.left,
      y: y(0.5 + this.margin), height: y(0.5 - this.margin) - y(0.5 + this.margin),
    })];
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      parts.push(svg('path', {class: share === 0.5 ? 'half' : 'line', d: `M${MARGIN.left} ${y(share)}H${right}`}));
      parts.push(text(MARGIN.left - 8, y(share) + 4, percent(share), 'end'));
    }
    for (const votes of ticks(0, most, width / 90, true)) {
      parts.push(text(x(votes), HEIGHT - 12, String(votes), 'middle'));
    }
    if (this.looks.length) {
      const {looks} = this;
      const edge = looks.map((look) => `${x(look.votes)},${y(look.high)}`);
      const back = looks.map((look) => `${x(look.votes)},${y(look.low)}`).reverse();
      parts.push(svg('path', {class: 'band', d: `M${[...edge, ...back].join('L')}Z`}));
      const seen = looks.filter((look) => look.share !== null);
      if (seen.length) parts.push(svg('path', {class: 'share', d: `M${seen.map((look) => `${x(look.votes)},${y(look.share)}`).join('L')}`}));
      const last = looks.at(-1);
      parts.push(svg('path', {class: 'whisker', d: `M${x(last.votes)} ${y(this.pair.high)}V${y(this.pair.low)}m-5 0h10M${x(last.votes) - 5} ${y(this.pair.high)}h10`}));
      if (last.share !== null) parts.push(svg('circle', {class: 'dot', cx: x(last.votes), cy: y(last.share), r: 5}));
    } else {
      parts.push(text((MARGIN.left + right) / 2, y(0.5) - 10, 'No vote counts yet', 'middle', 'empty'));
    }
    this.picture.replaceChildren(...parts);
  }

  words() {
    if (!this.looks.length) return 'No vote counts yet.';
    const {share, low, high} = this.pair;
    return `${this.names[0]} got ${share === null ? 'no share yet' : percent(share)} of the votes against ${this.names[1]}; possible are ${percent(low)} to ${percent(high)}.`;
  }

  /** The last look at each number of votes: who leaves in the middle counts without a new vote. */
  moments() {
    return this.looks.filter((look, i) => look.votes !== this.looks[i + 1]?.votes);
  }

  table() {
    return {
      caption: 'Interval by votes, each moment by itself; what counts is what no moment has ruled out',
      headings: ['votes', `share for ${this.names[0]}`, 'from', 'to'],
      rows: [...this.moments().map((look) => [look.votes, ...spoken(look)]), ...(this.looks.length ? [['all moments', ...spoken(this.pair)]] : [])],
    };
  }
}

function spoken({share, low, high}) {
  return [share === null ? '–' : percent(share), percent(low), percent(high)];
}

function text(x, y, words, anchor, kind = '') {
  const made = svg('text', {x, y, 'text-anchor': anchor, class: kind});
  made.textContent = words;
  return made;
}
