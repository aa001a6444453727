/** A piece is taken away, and brought back by whoever did not mean it. */
import {post} from './api.js';
import {ask} from './dialog.js';
import {button} from './icons.js';
import {notice} from './notices.js';

/**
 * The button in a piece's line that takes it away, once one is sure; a notice then brings it back.
 * @param {{id: string, title: string}} piece
 * @param {{route?: string, onGone: () => any, onBack: () => any}} options route: where pieces of this kind are
 *   taken away and restored
 */
export function removeButton({id, title}, {route = '/api/pieces', onGone, onBack}) {
  const made = button({icon: 'close', label: `Remove ${title}`, kind: 'quiet icon-only'});
  const orSay = (act) => act().catch((error) => {
    notice(error.message, 'bad');
    return false;
  });
  const bringBack = async () => {
    await post(`${route}/${id}/restore`);
    await onBack();
  };
  made.addEventListener('click', () => orSay(async () => {
    const text = 'It goes from the studio with all its files. A message then offers to bring it back.';
    if (!await ask({title: `Remove “${title}”?`, text, yes: 'Remove', isDangerous: true})) return;
    await post(`${route}/${id}`, {}, 'DELETE');
    notice(`“${title}” was removed.`, '', {text: 'Bring it back', act: () => orSay(bringBack)});
    await onGone();
  }));
  return made;
}
