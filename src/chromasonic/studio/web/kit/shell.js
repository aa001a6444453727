/** What every page does: light or dark, sliders that tell their value, errors that nobody caught. */
import {notice} from './notices.js';

const KEY = 'chromasonic-theme';

document.querySelector('#theme')?.addEventListener('click', () => {
  const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem(KEY, next);
  document.documentElement.dataset.theme = next;
});

// On a phone the pages are a row that scrolls: the current one is brought into it.
const here = document.querySelector('.masthead [aria-current]');
const row = document.querySelector('.masthead nav');
function bring(link) {
  const [own, its] = [row.getBoundingClientRect(), link.getBoundingClientRect()];
  row.scrollLeft += its.left + its.width / 2 - own.left - own.width / 2;
}
if (here) {
  bring(here);
  addEventListener('resize', () => bring(here));
}
row?.addEventListener('focusin', ({target}) => bring(target));

/** Fill a slider's track up to its value, and write the value beside it (`output`, unless `data-own`). */
export function tellSlider(range) {
  const [min, max] = [Number(range.min || 0), Number(range.max || 100)];
  range.style.setProperty('--share', max > min ? (range.value - min) / (max - min) : 0);
  const output = range.closest('.slider')?.querySelector('output:not([data-own])');
  if (output) output.textContent = range.value + (output.dataset.unit ?? '');
}

document.addEventListener('input', ({target}) => target.matches?.('input[type="range"]') && tellSlider(target));
for (const range of document.querySelectorAll('input[type="range"]')) tellSlider(range);

// What scrolls sideways can be reached and scrolled with the keyboard.
let isLooking = false;
function look() {
  isLooking = false;
  for (const one of document.querySelectorAll('.table-wrap')) {
    if (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight) one.tabIndex = 0;
    else one.removeAttribute('tabindex');
  }
}
function lookSoon() {
  if (!isLooking) requestAnimationFrame(look);
  isLooking = true;
}
new MutationObserver(lookSoon).observe(document.body, {childList: true, subtree: true});
addEventListener('resize', lookSoon);
lookSoon();

addEventListener('unhandledrejection', (event) => {
  if (event.reason?.name === 'AbortError') return event.preventDefault();
  notice(event.reason?.message ?? String(event.reason), 'bad');
  if (event.reason?.constructor?.name === 'StudioError') event.preventDefault();
});
