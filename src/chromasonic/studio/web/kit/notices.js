/** Short messages at the edge of the page; screen readers hear them too. */

/**
 * One that is bad, or that offers something, stays until it is closed.
 * @param {string} text
 * @param {'good' | 'bad' | ''} [kind]
 * @param {{text: string, act: () => any} | null} [offer] what a press on it does; false: it did not, and
 *   can be pressed again
 */
export function notice(text, kind = '', offer = null) {
  const place = document.querySelector('#notices');
  const line = document.createElement('p');
  line.textContent = text;
  line.className = `notice ${kind}`;
  if (offer) {
    line.append(pressed(offer.text, '', async ({currentTarget: its}) => {
      its.disabled = true;
      if (await offer.act() === false) its.disabled = false; // once more, perhaps
      else line.remove();
    }));
  }
  const close = pressed('×', 'quiet', () => line.remove());
  close.ariaLabel = 'Close this message';
  line.append(close);
  place.append(line);
  if (kind !== 'bad' && !offer) setTimeout(() => line.remove(), 6000);
}

function pressed(text, className, act) {
  const made = Object.assign(document.createElement('button'), {type: 'button', textContent: text, className});
  made.addEventListener('click', act);
  return made;
}
