/** Files to take along. */
import {icon} from './icons.js';
import {notice} from './notices.js';

/**
 * @param {HTMLElement} element is filled
 * @param {{label: string, url?: string, make?: () => Promise<string>, title?: string, name?: string}[]} files
 *   `make` gives the address of a file that has to be made first; `name` is for files that the studio does not send
 */
export function downloads(element, files) {
  element.classList.add('downloads');
  element.role = 'group';
  element.ariaLabel = 'Download';
  element.replaceChildren(icon('download'), ...files.map((file) => (file.make ? maker(file) : link(file))));
}

/** The files of a piece with a score, by their names on the shelf. */
export function pieceFiles(piece, soundFile) {
  const labels = {mid: 'MIDI', musicxml: 'MusicXML', abc: 'ABC'};
  const files = piece.files
    .filter((name) => labels[name.split('.').at(-1)])
    .map((name) => ({label: labels[name.split('.').at(-1)], url: `/api/pieces/${piece.id}/${name}?download=1`}));
  const order = Object.values(labels);
  files.sort((a, b) => order.indexOf(a.label) - order.indexOf(b.label));
  if (soundFile) {
    files.push({label: 'WAV', make: () => soundFile(piece.id, 'wav')});
    files.push({label: 'MP3', make: () => soundFile(piece.id, 'mp3')});
  }
  return files;
}

/** A title as a file's name, as the studio itself makes one: "Bright jig, in G" is "bright-jig-in-g". */
export function fileName(title, ending) {
  const words = title.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).join('-').slice(0, 60);
  return `${words || 'piece'}${ending}`;
}

function link({label, url, title, name = ''}) {
  const made = document.createElement('a');
  Object.assign(made, {href: url, textContent: label, className: 'download', title: title ?? `Download as ${label}`});
  made.setAttribute('download', name);
  return made;
}

function maker({label, make, title, name}) {
  const made = document.createElement('button');
  Object.assign(made, {type: 'button', textContent: label, className: 'download', title: title ?? `Download as ${label}`});
  made.addEventListener('click', async () => {
    if (made.ariaBusy === 'true') return;
    made.ariaBusy = 'true';
    try {
      const saved = link({label, url: await make(), name});
      document.body.append(saved);
      saved.click();
      saved.remove();
    } catch (error) {
      if (error.name !== 'AbortError') notice(error.message, 'bad');
    } finally {
      made.ariaBusy = 'false';
    }
  });
  return made;
}
