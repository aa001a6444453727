/** The link for listeners: to copy, to scan, and whether others can open it at all. */
import {call} from '../kit/api.js';
import {html} from '../kit/chart-parts.js';
import {button} from '../kit/icons.js';
import {notice} from '../kit/notices.js';

/**
 * @param {string} key of the test
 * @param {{asked: number, minutes: number}} told
 * @returns {HTMLElement}
 */
export function invitation(key, {asked, minutes}) {
  const field = html('input', {readOnly: true, ariaLabel: 'Link for listeners'});
  field.addEventListener('focus', () => field.select());
  const copy = button({icon: 'share', text: 'Copy', kind: 'primary'});
  copy.addEventListener('click', async () => {
    field.focus();
    field.select();
    try {
      // On a network's plain address there is no clipboard; what is marked can be copied the old way.
      if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
      else if (!document.execCommand('copy')) throw new Error('refused');
      notice('The link is copied.', 'good');
    } catch {
      notice('Copy the marked link with your keyboard.');
    }
  });
  const open = html('a', {class: 'button', target: '_blank', rel: 'noopener', textContent: 'Try it yourself'});
  const words = html('p', {class: 'help'});
  const code = html('img', {class: 'code', width: 148, height: 148, alt: 'The link as a code for a phone’s camera', hidden: true});
  const element = html(
    'section', {class: 'panel invitation', 'aria-labelledby': 'link-title'},
    html(
      'div', {class: 'stack tight'},
      html('h2', {id: 'link-title', textContent: 'Invite listeners'}),
      html('p', {textContent: `Whoever has this link can listen and vote: ${asked} pairs, about ${minutes === 1 ? 'a minute' : `${minutes} minutes`}. They see nothing else of the studio.`}),
      html('div', {class: 'row link-row'}, field, copy, open),
      words,
      html('p', {class: 'help', textContent: 'Listeners hear two clips, A first and B second; which version comes first is drawn by lot for each pair. Their A and B are not the versions A and B of the result.'}),
    ),
    code,
  );
  call(`/api/listen/${key}/link`).then(({address, isShared}) => {
    field.value = address;
    open.href = address;
    if (isShared) {
      code.src = `/api/listen/${key}/link.svg`;
      code.hidden = false;
      words.textContent = 'People in your network can open it, as long as this studio runs.';
    } else {
      words.textContent = 'For now only this computer can open it. To let others in, end the studio and start it with: chromasonic studio --share';
    }
  }, (error) => {
    words.textContent = error.message;
  });
  return element;
}
