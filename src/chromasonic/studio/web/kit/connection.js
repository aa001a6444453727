/** Whether the studio still answers a page that shows what goes on there, and the words when it does not. */
import {call} from './api.js';

const LOOK_MS = 5000;

/**
 * Look every few seconds; above the page stands why nothing new comes, until the studio answers again.
 * @param {{onLost?: () => void, onBack: () => void}} options told when what is shown is old, and when it can
 *   be asked for anew
 * @returns {{isLost: boolean}} as it stands
 */
export function watchConnection({onLost = () => {}, onBack}) {
  const now = {isLost: false};
  const place = Object.assign(document.createElement('p'), {className: 'callout bad', role: 'alert', id: 'no-connection', hidden: true});
  document.querySelector('main').prepend(place);

  function tell(words) {
    const since = new Date().toLocaleTimeString([], {hour: '2-digit', minute: '2-digit'});
    if (!now.isLost) place.dataset.since = since;
    const text = `${words} What stands here is as it was at ${place.dataset.since}; it comes alive again by itself.`;
    if (place.textContent !== text) place.textContent = text;
    place.hidden = false;
    if (now.isLost) return;
    now.isLost = true;
    onLost();
  }

  async function look() {
    if (!document.hidden) {
      try {
        await call('/api/alive', {signal: AbortSignal.timeout(LOOK_MS)});
        place.hidden = true;
        if (now.isLost) {
          now.isLost = false;
          onBack();
        }
      } catch (error) {
        tell(error.message);
      }
    }
    setTimeout(look, LOOK_MS);
  }
  setTimeout(look, LOOK_MS);
  return now;
}
