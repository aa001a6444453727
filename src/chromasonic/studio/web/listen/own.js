/** Recordings of one's own as versions: chosen or dropped, matched by name, sent. */
import {StudioError, post, upload} from '../kit/api.js';
import {html} from '../kit/chart-parts.js';

const stem = (name) => name.replace(/\.[^.]*$/, '').toLowerCase();

/**
 * Two versions to fill with files.
 * @param {HTMLElement} element
 * @returns {{send: (asked: (names: string[]) => object, watching: object) => Promise<object>}}
 *   `send` uploads what was chosen and begins the job
 */
export function ownSounds(element) {
  const versions = ['A', 'B'].map((label) => new Version(label, () => versions.forEach((one) => one.draw(versions))));
  element.append(...versions.map((one) => one.element));
  return {send: (asked, watching) => send(versions, asked, watching)};
}

class Version {
  constructor(label, onChange) {
    this.label = label;
    this.files = [];
    this.name = html('input', {maxLength: 120, placeholder: `Version ${label}`, autocomplete: 'off'});
    this.input = html('input', {type: 'file', multiple: true, accept: 'audio/*,.wav,.flac,.ogg,.mp3'});
    this.told = html('p', {class: 'help', role: 'status', textContent: 'No recordings yet.'});
    this.element = html(
      'div', {class: 'stack tight own-version'},
      html('label', {class: 'field'}, html('span', {textContent: `Name of version ${label}`}), this.name),
      html('label', {class: 'field'}, html('span', {textContent: `Recordings of version ${label}`}), this.input),
      this.told,
    );
    this.input.addEventListener('change', () => {
      this.files = [...this.input.files];
      onChange();
    });
    this.element.addEventListener('dragover', (event) => event.preventDefault());
    this.element.addEventListener('drop', (event) => {
      event.preventDefault();
      this.files = [...event.dataTransfer.files];
      onChange();
    });
  }

  get title() {
    return this.name.value.trim() || `Version ${this.label}`;
  }

  draw(versions) {
    const others = versions.filter((one) => one !== this && one.files.length);
    const lonely = this.files.filter((file) => others.some((one) => !one.files.some((other) => stem(other.name) === stem(file.name))));
    const count = this.files.length === 1 ? '1 recording' : `${this.files.length} recordings`;
    this.told.textContent = lonely.length ? `${count}; without a partner: ${lonely.map((one) => one.name).join(', ')}` : `${count}.`;
    this.told.classList.toggle('error', lonely.length > 0);
  }
}

async function send(versions, asked, {onProgress, signal}) {
  if (versions.some((one) => !one.files.length)) throw new StudioError('Choose recordings for both versions.');
  const all = versions.flatMap((one) => one.files);
  let sent = 0;
  const told = [];
  for (const one of versions) {
    const recordings = [];
    for (const file of one.files) {
      if (signal?.aborted) throw new DOMException('Cancelled', 'AbortError');
      onProgress?.({state: 'running', progress: 0.3 * sent / all.length, message: `Sending ${file.name}`});
      const {upload: id} = await upload('/api/uploads', file);
      recordings.push({upload: id, name: file.name});
      sent += 1;
    }
    told.push({name: one.title, recordings});
  }
  return post('/api/listen/sounds', {...asked(told.map((one) => one.name)), versions: told});
}
