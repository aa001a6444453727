/** Work that takes its time: a bar, what is being done, a way to stop it. */
import {button} from './icons.js';

/**
 * Show that something is being worked on until it is over.
 * @template T
 * @param {HTMLElement} element where it is shown; emptied and hidden at the end
 * @param {(watching: {onProgress: (job: object) => void, signal: AbortSignal}) => Promise<T>} work
 *   begun at once; give its argument to `runJob`
 * @param {{label?: string}} [options]
 * @returns {Promise<T>} rejects with an AbortError when it was cancelled
 */
export async function working(element, work, {label = 'Working'} = {}) {
  const stop = new AbortController();
  const words = Object.assign(document.createElement('span'), {className: 'working-words', textContent: `${label} …`});
  const bar = Object.assign(document.createElement('progress'), {max: 1, ariaLabel: label});
  const cancel = button({text: 'Cancel', kind: 'quiet small'});
  cancel.addEventListener('click', () => stop.abort());
  element.classList.add('working');
  element.replaceChildren(words, bar, cancel);
  element.hidden = false;
  element.setAttribute('aria-busy', 'true');
  const onProgress = ({state, progress, message}) => {
    if (state === 'waiting') words.textContent = 'Waiting for its turn …';
    else words.textContent = `${message || label} …`;
    if (progress > 0) bar.value = progress;
  };
  try {
    // A promise may be given too; then it cannot be cancelled from here.
    if (typeof work !== 'function') cancel.remove();
    return await (typeof work === 'function' ? work({onProgress, signal: stop.signal}) : work);
  } finally {
    element.hidden = true;
    element.removeAttribute('aria-busy');
    element.replaceChildren();
  }
}
