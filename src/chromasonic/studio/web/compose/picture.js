/** A picture dropped on the page: its palette, and what it says of mood, mode and tempo. */
import {post, runJob, upload} from '../kit/api.js';
import {dropzone} from '../kit/dropzone.js';
import {button} from '../kit/icons.js';
import {signed} from './plane.js';

const ACCEPT = 'image/png,image/jpeg,image/webp,image/gif,.png,.jpg,.jpeg,.webp,.gif';

/**
 * @param {HTMLElement} zone where a picture may be dropped
 * @param {HTMLElement} palette where its colours are told; hidden while there are none
 * @param {{onRead: (mood: object) => void, onUndo: () => void}} options onRead: is given what the
 *   studio read (`compose.reading.picture`); onUndo: everything shall be as before
 * @returns {{colours: () => object[], clear: () => void, restore: (mood: object) => void}}
 */
export function picturePart(zone, palette, {onRead, onUndo}) {
  let mood = null;
  const drop = dropzone(zone, {
    accept: ACCEPT,
    label: 'Drop a picture: its colours set the mood',
    hint: 'PNG, JPEG, WebP or GIF',
    onFile: async (file) => {
      const {upload: id, name} = await upload('/api/uploads', file, 'picture');
      const read = await runJob(await post('/api/compose/pictures', {upload: id, name}));
      show({...read, name});
      onRead(mood);
    },
  });
  const clear = () => {
    mood = null;
    palette.hidden = true;
    palette.replaceChildren();
    drop.say('');
  };
  const show = (read) => {
    mood = read;
    const undo = button({text: 'Undo', label: 'Undo what the picture set', kind: 'quiet small'});
    undo.addEventListener('click', () => {
      clear();
      onUndo();
      zone.querySelector('input')?.focus();
    });
    palette.replaceChildren(swatches(read), sentence(read.sentence, undo), reasons(read));
    palette.hidden = false;
  };
  return {colours: () => mood?.swatches ?? [], mood: () => mood, clear, restore: show};
}

function swatches(read) {
  const list = document.createElement('ul');
  list.className = 'palette-swatches';
  list.ariaLabel = `Colours of ${read.name}`;
  for (const {hex, share} of read.swatches) {
    const one = document.createElement('li');
    one.style.flexGrow = String(Math.max(share, 0.03));
    one.style.background = hex;
    one.title = `${hex}, ${percent(share)}`;
    one.append(Object.assign(document.createElement('span'), {className: 'unseen', textContent: one.title}));
    list.append(one);
  }
  return list;
}

function sentence(text, undo) {
  const line = document.createElement('div');
  line.className = 'palette-says';
  line.append(Object.assign(document.createElement('p'), {textContent: text, role: 'status'}), undo);
  return line;
}

/** What each property of the colours adds, and how mode and tempo follow. */
function reasons(read) {
  const more = document.createElement('details');
  const table = document.createElement('table');
  table.className = 'palette-table';
  const head = table.createTHead().insertRow();
  for (const text of ['Colours', 'valence', 'arousal']) {
    head.append(Object.assign(document.createElement('th'), {textContent: text, scope: 'col'}));
  }
  const body = table.createTBody();
  for (const one of read.influences) {
    const row = body.insertRow();
    row.append(Object.assign(document.createElement('th'), {textContent: one.word, scope: 'row'}));
    for (const value of [one.valence, one.arousal]) row.insertCell().textContent = signed(value);
  }
  const words = [read.reasons.mode, read.reasons.tempo].map((text) =>
    Object.assign(document.createElement('p'), {textContent: text.replace(/-(?=\d)/g, '−'), className: 'compose-hint'}),
  );
  more.append(Object.assign(document.createElement('summary'), {textContent: 'Why?'}), table, ...words);
  return more;
}

function percent(share) {
  return share < 0.01 ? 'under 1%' : `${Math.round(share * 100)}%`;
}
