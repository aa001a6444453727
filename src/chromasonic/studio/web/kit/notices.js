/** Short messages at the edge of the page; screen readers hear them too. */

/**
 * @param {string} text
 * @param {'good' | 'bad' | ''} [kind]
 */
export function notice(text, kind = '') {
  const place = document.querySelector('#notices');
  const line = document.createElement('p');
  line.textContent = text;
  line.className = `notice ${kind}`;
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'quiet';
  close.ariaLabel = 'Close this message';
  close.textContent = '×';
  close.addEventListener('click', () => line.remove());
  line.append(close);
  place.append(line);
  if (kind !== 'bad') setTimeout(() => line.remove(), 6000);
}
