/** A place for a file: dropped, chosen, or pasted. */
import {icon} from './icons.js';

/**
 * @param {HTMLElement} element is filled
 * @param {{accept: string, label: string, hint?: string, sign?: string, onFile: (file: File) => any}} options
 *   accept: as of an input ("image/*,.mid"); label: what to do, in words; hint: what is taken
 * @returns {{say: (text: string, isBad?: boolean) => void}} puts a word under it
 */
export function dropzone(element, {accept, label, hint = '', sign = 'upload', onFile}) {
  const zone = document.createElement('label');
  const input = Object.assign(document.createElement('input'), {type: 'file', accept, className: 'unseen'});
  const words = Object.assign(document.createElement('span'), {className: 'dropzone-label', textContent: label});
  const small = Object.assign(document.createElement('span'), {className: 'dropzone-hint', textContent: hint});
  const told = Object.assign(document.createElement('p'), {className: 'dropzone-told', role: 'status'});
  zone.className = 'dropzone';
  zone.append(icon(sign), words, small, input);
  element.replaceChildren(zone, told);

  const say = (text, isBad = false) => {
    told.textContent = text;
    told.classList.toggle('bad', isBad);
  };
  const take = async (file) => {
    if (!file) return;
    if (!fits(file, accept)) return say(`${file.name} is no file of this kind. Allowed: ${endings(accept)}.`, true);
    say('');
    zone.ariaBusy = 'true';
    try {
      await onFile(file);
    } catch (error) {
      if (error.name !== 'AbortError') say(error.message, true);
    } finally {
      zone.ariaBusy = 'false';
      input.value = '';
    }
  };
  input.addEventListener('change', () => take(input.files[0]));
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('is-over');
  });
  zone.addEventListener('dragleave', () => zone.classList.remove('is-over'));
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('is-over');
    take(event.dataTransfer.files[0]);
  });
  document.addEventListener('paste', (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => fits(one, accept));
    if (file && element.isConnected && element.offsetParent) take(file);
  });
  return {say};
}

/** What is taken, for people: ".mid, .abc". */
function endings(accept) {
  const kinds = accept.split(',').map((one) => one.trim());
  const known = kinds.filter((one) => one.startsWith('.'));
  return (known.length ? known : kinds).join(', ').replaceAll('/*', 's').replaceAll('image/', '');
}

function fits(file, accept) {
  return accept.split(',').map((one) => one.trim().toLowerCase()).some((one) => {
    if (one.startsWith('.')) return file.name.toLowerCase().endsWith(one);
    if (one.endsWith('/*')) return file.type.startsWith(one.slice(0, -1));
    return file.type === one;
  });
}
