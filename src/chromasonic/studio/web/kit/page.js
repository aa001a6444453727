/** The living example of the studio's parts. */
import {call} from './api.js';
import {ask} from './dialog.js';
import {downloads, pieceFiles} from './downloads.js';
import {dropzone} from './dropzone.js';
import {notice} from './notices.js';
import {Player, transport} from './player.js';
import {working} from './progress.js';
import {address, remember} from './remember.js';
import {PianoRoll} from './roll.js';
import {ScoreView} from './score.js';
import {soundFile, voicesOf} from './sound.js';
import {tabs} from './tabs.js';

const find = (selector) => document.querySelector(selector);

remember(find('#form'), 'gallery');
tabs(find('#tabs'));
dropzone(find('#zone'), {accept: 'image/*', sign: 'image', label: 'Drop a picture', hint: 'PNG, JPEG or WebP, up to 8 MB', onFile: (file) => notice(file.name)});
find('#ask').addEventListener('click', async () => notice(String(await ask({title: 'Take it away?', text: 'It cannot be brought back.', yes: 'Take away', isDangerous: true}))));
find('#notice').addEventListener('click', () => notice('A word at the edge of the page.', 'good'));
find('#print').addEventListener('click', () => print());
find('#form').addEventListener('submit', (event) => {
  event.preventDefault();
  working(find('#working'), ({signal}) => new Promise((resolve, reject) => {
    setTimeout(resolve, 4000);
    signal.addEventListener('abort', () => reject(new DOMException('Cancelled', 'AbortError')));
  }), {label: 'Writing'});
});

const {piece: id} = address();
if (id) {
  const piece = await call(`/api/pieces/${id}`);
  const timeline = await call(`/api/pieces/${id}/timeline.json`);
  const player = new Player();
  const score = new ScoreView(find('#score'), {choosing: true});
  const roll = new PianoRoll(find('#roll'));
  find('#title').textContent = piece.title;
  find('#facts').textContent = `${timeline.bars.length} bars · ${Math.round(timeline.duration)} s`;
  transport(find('#transport'), player, {
    prepare: async () => player.load(await voicesOf(id)),
    duration: () => timeline.duration,
  });
  downloads(find('#downloads'), pieceFiles(piece, soundFile));
  await score.show({svg: `/api/pieces/${id}/score.svg`, timeline});
  score.follow(player);
  roll.show(timeline);
  roll.follow(player);
  if (timeline.voices.length > 1) {
    const at = (voice) => timeline.notes.filter((note) => note.voice === voice && note.bar === 2).map((note) => note.id);
    score.mark([
      {notes: [...at(0).slice(0, 2), ...at(3).slice(0, 2)], text: 'Parallel fifths between soprano and bass.'},
      {notes: at(1).slice(0, 1), kind: 'hint', text: 'The alto leaps by a sixth.'},
    ]);
  }
  Object.assign(window, {player, score, roll});
}
