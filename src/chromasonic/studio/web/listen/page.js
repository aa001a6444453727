/** The Listen page: all tests, a new one, one with its results. */
import {call} from '../kit/api.js';
import {html} from '../kit/chart-parts.js';
import {watchConnection} from '../kit/connection.js';
import {icon} from '../kit/icons.js';
import {address, inAddress} from '../kit/remember.js';
import {setUpMaking} from './making.js';
import {showTest} from './test.js';

const at = (id) => document.getElementById(id);
let leave = () => {};

/** Show what the page's address says: one test, or all of them. */
function route() {
  leave();
  leave = () => {};
  const {test} = address();
  at('overview').hidden = Boolean(test);
  at('one').hidden = !test;
  if (test) leave = showTest(at('one'), test, {back: () => go(null)});
  else fillTests();
}

function go(test) {
  inAddress({test}, {push: true});
  route();
  (test ? at('one') : at('overview')).querySelector('h1')?.scrollIntoView({block: 'nearest'});
}

async function fillTests() {
  const place = at('tests');
  try {
    const {tests} = await call('/api/listen');
    place.replaceChildren(tests.length ? listOf(tests) : nothing());
  } catch (error) {
    place.replaceChildren(html('p', {class: 'callout bad', textContent: error.message}));
  }
  place.removeAttribute('aria-busy');
}

function listOf(tests) {
  return html('div', {class: 'panel'}, html('ul', {class: 'list'}, ...tests.map((one) => {
    const link = html('a', {href: `?test=${one.key}`, textContent: one.title});
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(one.key);
    });
    const names = Object.values(one.versions).join(' · ');
    const votes = one.problem ? '' : one.votes === 1 ? '1 vote' : `${one.votes} votes`;
    const state = one.problem ? ['votes not here', 'bad'] : one.is_open ? ['open', 'good'] : ['closed', ''];
    return html(
      'li', {class: 'test-line'},
      html('div', {class: 'grow'}, html('h3', {}, link), html('p', {class: 'muted small', textContent: names})),
      html('p', {class: 'nums', textContent: votes}),
      html('span', {class: `badge ${state[1]}`, title: one.problem ?? '', textContent: state[0]}),
      html('p', {class: 'muted small', textContent: new Date(one.made).toLocaleDateString()}),
    );
  })));
}

function nothing() {
  const sign = icon('volume');
  return html(
    'div', {class: 'empty panel'}, sign,
    html('h3', {textContent: 'No listening test yet'}),
    html('p', {textContent: 'Choose two models, or bring recordings of your own. The studio makes the pairs and gives you a link for your listeners.'}),
  );
}

setUpMaking({onMade: (key) => go(key)});
addEventListener('popstate', route);
watchConnection({onBack: route});
route();
