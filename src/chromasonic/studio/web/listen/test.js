/** One listening test for its owner: the link, the result by now, who listened, all votes. */
import {call, post} from '../kit/api.js';
import {html} from '../kit/chart-parts.js';
import {intervals} from '../kit/charts.js';
import {ask} from '../kit/dialog.js';
import {downloads} from '../kit/downloads.js';
import {icon} from '../kit/icons.js';
import {Evidence} from './evidence.js';
import {invitation} from './link.js';
import {confidenceTable, itemTable, listenerTable, setApart} from './tables.js';

const percent = (value) => `${Math.round(100 * value)}%`;

/**
 * Show a test and keep it up to date.
 * @param {HTMLElement} element is filled
 * @param {string} key
 * @param {{back: () => void}} options
 * @returns {() => void} ends it
 */
export function showTest(element, key, {back}) {
  const view = new TestView(element, key, back);
  return () => view.end();
}

class TestView {
  constructor(element, key, back) {
    this.element = element;
    this.key = key;
    this.back = back;
    this.isOver = false;
    element.replaceChildren(html('p', {class: 'muted', role: 'status', textContent: 'Opening the test …'}), html('div', {class: 'skeleton'}));
    this.begin();
  }

  async begin() {
    try {
      const told = await call(`/api/listen/${this.key}`);
      if (this.isOver) return;
      this.build(told);
      this.draw(told);
    } catch (error) {
      if (!this.isOver) this.fail(error.message);
      return;
    }
    this.events = new EventSource(`/api/listen/${this.key}/events`);
    this.events.onmessage = ({data}) => this.draw(JSON.parse(data));
  }

  end() {
    this.isOver = true;
    this.events?.close();
    this.element.replaceChildren();
  }

  fail(words) {
    this.element.replaceChildren(this.backLink(), html(
      'div', {class: 'empty panel'}, html('h1', {id: 'one-title', textContent: 'This test is not here'}), html('p', {textContent: words}),
    ));
  }

  backLink() {
    const link = html('a', {class: 'back', href: '/listen'}, icon('left'), 'All listening tests');
    link.addEventListener('click', (event) => {
      event.preventDefault();
      this.back();
    });
    return link;
  }

  /** Everything that stays while votes come in. */
  build(told) {
    const versions = Object.entries(told.versions);
    this.badge = html('span', {class: 'badge'});
    this.verdict = html('p', {class: 'verdict', role: 'status'});
    this.advice = html('p', {class: 'callout'});
    this.facts = html('dl', {class: 'figures'});
    this.charts = html('div', {class: 'stack'});
    this.ranking = html('section', {class: 'panel stack', hidden: true}, html('h2', {textContent: 'All beside each other'}));
    this.rankingChart = html('div');
    this.rankingHelp = html('p', {class: 'help'});
    this.ranking.append(this.rankingChart, this.rankingHelp);
    this.apart = html('section', {class: 'panel stack', hidden: true});
    this.tables = {listeners: html('div', {class: 'table-wrap'}), items: html('div', {class: 'table-wrap'}), confidences: html('div', {class: 'table-wrap'})};
    this.evidence = told.reading.pairs.map((pair) => {
      const place = html('div');
      const names = [pair.first, pair.second].map((label) => `${label}, ${told.versions[label]}`);
      this.charts.append(html('div', {}, html('p', {class: 'pair-name'}, mark(pair.first), ` share of votes for ${told.versions[pair.first]} against ${told.versions[pair.second]}, by votes that count`), place));
      return new Evidence(place, {margin: told.margin, names});
    });
    const files = html('div');
    downloads(files, [
      {label: 'Votes, CSV', url: `/api/listen/${this.key}/votes.csv`},
      {label: 'Everything, JSON', url: `/api/listen/${this.key}/votes.json`},
    ]);
    this.close = html('button', {type: 'button', class: 'danger', textContent: 'Close the test'});
    this.close.addEventListener('click', () => this.closeTest());
    this.closed = html('p', {class: 'muted'});
    this.invitation = invitation(this.key, told);
    this.element.replaceChildren(
      this.backLink(),
      html('div', {class: 'row spread top'}, html('div', {class: 'page-head'}, html('h1', {id: 'one-title', textContent: told.title}), html('p', {class: 'lede', textContent: `“${told.question}”`})), this.badge),
      html('ul', {class: 'versions'}, ...versions.map(([label, name]) => html('li', {}, mark(label), html('span', {textContent: name})))),
      this.invitation,
      html('section', {class: 'panel stack', 'aria-labelledby': 'result-title'}, html('h2', {id: 'result-title', textContent: 'The result by now'}), this.verdict, this.advice, this.charts, html('p', {class: 'help', textContent: 'The band holds at every moment at once, so look as often as you like: nobody is fooled by it. Shaded in the middle: too little a preference to matter.'}), this.facts),
      this.ranking,
      this.apart,
      html('section', {class: 'panel stack', 'aria-labelledby': 'who-title'}, html('h2', {id: 'who-title', textContent: 'Each listener'}), this.tables.listeners),
      html('section', {class: 'panel stack', 'aria-labelledby': 'what-title'}, html('h2', {id: 'what-title', textContent: 'Each pair'}), this.tables.items),
      html('section', {class: 'panel stack', 'aria-labelledby': 'sure-title'}, html('h2', {id: 'sure-title', textContent: 'By how sure they were'}), this.tables.confidences),
      html('section', {class: 'panel row spread'}, html('div', {class: 'stack tight'}, files, html('p', {class: 'help'}, 'In a terminal: ', html('code', {textContent: `chromasonic ab show ${told.name}`}))), html('div', {class: 'row'}, this.closed, this.close)),
    );
  }

  draw(told) {
    const {reading} = told;
    this.badge.textContent = told.is_open ? 'open' : 'closed';
    this.badge.className = `badge ${told.is_open ? 'good' : ''}`;
    this.close.hidden = !told.is_open;
    this.closed.textContent = told.is_open ? '' : `Closed on ${new Date(told.closed_at).toLocaleString()}.`;
    this.invitation.hidden = !told.is_open;
    const lines = reading.words.split('\n');
    setText(this.verdict, reading.pairs.some((pair) => pair.votes + pair.waiting) ? lines.slice(0, reading.pairs.length).join(' ') : 'Nobody has voted yet.');
    setText(this.advice, told.damage || reading.advice);
    this.advice.className = `callout ${told.damage ? 'bad' : reading.should_stop ? 'good' : ''}`;
    reading.pairs.forEach((pair, i) => this.evidence[i].update(pair));
    this.drawFacts(told);
    this.drawRanking(told);
    setApart(this.apart, reading);
    listenerTable(this.tables.listeners, told);
    itemTable(this.tables.items, told, this.key);
    confidenceTable(this.tables.confidences, told);
  }

  drawFacts({reading, asked, clips, versions}) {
    const [pair] = reading.pairs;
    const waiting = reading.pairs.reduce((sum, one) => sum + one.waiting, 0);
    const facts = [
      ['Votes that count', String(reading.votes_counted), `${reading.votes_cast} cast; repeats${versions.anchor ? ` and pairs with ${versions.anchor}` : ''} stand apart`],
      ['Listeners', String(reading.listeners), waiting ? `${waiting} votes of people still listening` : `${asked === 1 ? '1 pair' : `${asked} pairs`} each, as ${clips}`],
      ['Same again', figure(reading.consistency), `of repeated pairs, the same version was preferred again${heardOf(reading.consistency)}`],
      ['For what came first', figure(reading.first_share), `of votes; one half means that order did not matter${heardOf(reading.first_share)}`],
      ['Evidence', pair.highest_e_value >= 1000 ? 'over 1000' : pair.highest_e_value.toFixed(1), `against “no preference”; ${Math.round(1 / pair.alpha)} is enough`],
    ];
    this.facts.replaceChildren(...facts.map(([name, value, words]) => html(
      'div', {}, html('dt', {textContent: name}), html('dd', {class: 'value', textContent: value}), html('dd', {class: 'help', textContent: words}),
    )));
  }

  drawRanking({reading, versions}) {
    this.ranking.hidden = !reading.ranking;
    if (!reading.ranking) return;
    const few = reading.ranking.standings.some(({preferred}) => preferred.low === null);
    setText(this.rankingHelp, `Of all votes that each would get against the others, each met equally often (Bradley-Terry).${few ? ' Intervals are drawn from ten listeners on.' : ''}`);
    intervals(this.rankingChart, {
      title: 'Share of votes that each would get against the others (Bradley-Terry)',
      from: 0, to: 1, line: {at: 0.5, label: 'one half'},
      rows: Object.keys(versions).map((label) => reading.ranking.standings.find((one) => one.label === label)).map(({label, preferred}) => ({
        name: versions[label], value: preferred.value, low: preferred.low, high: preferred.high,
        text: `${percent(preferred.value)}${preferred.low === null ? '' : ` (${percent(preferred.low)} to ${percent(preferred.high)})`}`,
      })),
    });
  }

  async closeTest() {
    const yes = await ask({title: 'Close this test?', text: 'It takes no more votes, for good. What was voted stays.', yes: 'Close it', isDangerous: true});
    if (yes) this.draw(await post(`/api/listen/${this.key}/close`));
  }
}

function mark(label) {
  return html('span', {class: `mark mark-${label}`, textContent: label === 'anchor' ? '♪' : label});
}

function figure({value, low, high}) {
  if (value === null) return '–';
  return low === null ? percent(value) : `${percent(value)} (${percent(low)} to ${percent(high)})`;
}

function heardOf({value, n}) {
  return value === null ? '' : ` (${n === 1 ? '1 listener' : `${n} listeners`})`;
}

function setText(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
