/** A tune on the page: score, sound, its bars written anew, its versions and its files. */
import {call, post} from '../kit/api.js';
import {downloads, pieceFiles} from '../kit/downloads.js';
import {button} from '../kit/icons.js';
import {fillInstruments} from '../kit/instruments.js';
import {notice} from '../kit/notices.js';
import {Player, transport} from '../kit/player.js';
import {working} from '../kit/progress.js';
import {inAddress, jobTaken, keptJob} from '../kit/remember.js';
import {removeButton} from '../kit/removing.js';
import {PianoRoll} from '../kit/roll.js';
import {ScoreView} from '../kit/score.js';
import {soundFile, voicesOf} from '../kit/sound.js';
import {when} from '../kit/when.js';

const at = (id) => document.getElementById(id);

export class TuneView {
  #player = new Player();
  #score = new ScoreView(at('score'), {choosing: true});
  #roll = new PianoRoll(at('roll'));
  #piece = null;
  #bar = null;
  #program = fillInstruments(at('instrument'));
  #opening = 0;

  constructor() {
    this.#score.follow(this.#player);
    at('print').addEventListener('click', () => print());
    at('instrument').addEventListener('change', () => this.#handOver());
    this.#roll.follow(this.#player);
    this.#score.addEventListener('bar', ({detail}) => {
      this.#bar = detail.isChosen ? detail : null;
      this.#tools();
    });
    transport(at('transport'), this.#player, {
      prepare: () => this.#load(),
      duration: () => this.#score.timeline?.duration ?? 0,
      label: 'Playback of the tune',
    });
  }

  async #load() {
    await this.#player.load(await voicesOf(this.#piece.id, {program: this.#program()}));
  }

  /** Another instrument takes over where the one before stands. */
  async #handOver() {
    if (!this.#player.isLoaded) return;
    const [place, wasPlaying] = [this.#player.position, this.#player.isPlaying];
    this.#player.pause();
    try {
      await this.#load();
      this.#player.seek(place);
      if (wasPlaying) await this.#player.play();
    } catch (error) {
      notice(error.message, 'bad');
    }
  }

  /** Dim the tune while another is written. */
  wait(isWaiting) { at('tune').classList.toggle('is-waiting', isWaiting); }

  /**
   * Show a piece; null: none.
   * @param {string | null} id
   * @param {{push?: boolean, isNew?: boolean, bar?: object | null}} [options] bar: stays chosen
   */
  async open(id, {push = false, isNew = false, bar = null} = {}) {
    const mine = ++this.#opening;
    this.#player.unload();
    if (!id) return this.#nothing();
    let piece;
    try {
      piece = await call(`/api/pieces/${encodeURIComponent(id)}`);
    } catch (error) {
      if (mine !== this.#opening) return;
      if (!error.status) return notice(error.message, 'bad');
      inAddress({piece: null});
      return this.#nothing(`${error.message} It may have been removed.`);
    }
    if (mine !== this.#opening) return;
    this.#piece = piece;
    this.#bar = bar;
    inAddress({piece: id}, {push});
    this.#head(piece);
    at('nothing').hidden = true;
    at('tune').hidden = false;
    await this.#score.show({svg: `/api/pieces/${id}/score.svg`, timeline: `/api/pieces/${id}/timeline.json`});
    if (mine !== this.#opening) return;
    this.#roll.show(this.#score.timeline);
    this.#score.choose(bar?.number ?? null);
    this.#tools();
    this.#player.dispatchEvent(new Event('change')); // the transport shows the new length
    downloads(at('downloads'), pieceFiles(piece, (its, form) => soundFile(its, form, {program: this.#program()})));
    await this.#related(id);
    if (isNew) {
      this.earlier();
      if (at('tune').getBoundingClientRect().top > innerHeight * 0.7) {
        at('tune').scrollIntoView({behavior: 'smooth', block: 'start'});
      }
    }
  }

  /** List the tunes of before. */
  async earlier() {
    const {tunes} = await call('/api/compose/tunes');
    const list = at('earlier');
    list.replaceChildren(...tunes.map((tune) => this.#earlierTune(tune)));
    list.closest('section').hidden = !tunes.length;
  }

  #nothing(why = '') {
    this.#piece = null;
    at('tune').hidden = true;
    at('nothing').hidden = false;
    at('not-here').hidden = !why;
    at('not-here').textContent = why; // last: only what is seen is spoken
  }

  #head({id, title, data}) {
    at('tune-title').textContent = title;
    document.title = `${title} · Chromasonic studio`;
    const {wishes = {}} = data;
    const facts = [
      data.key, data.metre, `${data.full_bars} bars`, data.tempo && `${Math.round(data.tempo)} beats a minute`,
      data.mood && `mood: ${data.mood}`, wishes.model_label && `by ${wishes.model_label}`,
    ];
    at('tune-facts').textContent = facts.filter(Boolean).join(' · ');
    at('tune-colours').replaceChildren(...(wishes.colours?.length ? [ribbon(wishes.colours.map((one) => one.hex))] : []));
    at('tune-harmonize').href = `/harmonize?from=${encodeURIComponent(id)}`;
  }

  /** What can be done with the chosen bar. */
  #tools() {
    const place = at('bar-tools');
    const hint = Object.assign(document.createElement('p'), {className: 'compose-hint'});
    if (!this.#bar) {
      hint.textContent = 'Choose a bar in the score to hear it from there, or to have it written anew.';
      return place.replaceChildren(hint, ...this.#undo());
    }
    const again = button({icon: 'dice', text: this.#bar.label ? `Write bar ${this.#bar.label} anew` : 'Write the upbeat anew'});
    again.id = 'reroll';
    again.addEventListener('click', () => this.#reroll(this.#bar));
    hint.textContent = 'The other bars stay as they are.';
    return place.replaceChildren(again, ...this.#undo(), hint);
  }

  #undo() {
    const {parent} = this.#piece?.data ?? {};
    if (!parent) return [];
    const made = button({text: 'Undo', label: 'Back to the version before', kind: ''});
    made.addEventListener('click', () => this.open(parent, {push: true, bar: this.#bar}));
    return [made];
  }

  async #reroll(bar) {
    const box = at('working');
    const {id} = this.#piece;
    at('reroll').disabled = true;
    try {
      const job = await post(`/api/compose/tunes/${id}/reroll`, {bar: bar.number});
      const {piece} = await working(box, (watching) => keptJob('compose', job, watching), {label: `Bar ${bar.label} anew`});
      const hadFocus = document.activeElement === document.body || document.activeElement?.id === 'reroll';
      await this.open(piece, {push: true, isNew: true, bar});
      jobTaken('compose', job);
      if (hadFocus) at('reroll')?.focus({preventScroll: true});
    } catch (error) {
      if (error.name !== 'AbortError') notice(error.message, 'bad');
      this.#tools();
    }
  }

  /** Versions of this tune, and the tunes that were written with it. */
  async #related(id) {
    const {versions, variations} = await call(`/api/compose/tunes/${id}/versions`);
    if (id !== this.#piece?.id) return;
    this.#choices(at('versions'), 'Versions', versions, (one, i) => (one.parent ? `${i + 1} · ${one.bar ? `bar ${one.bar}` : 'upbeat'}` : `${i + 1}`));
    this.#choices(at('variations'), 'Written together', variations, (_, i) => `Tune ${i + 1}`);
  }

  #choices(place, label, all, wordOf) {
    place.hidden = all.length < 2;
    place.role = 'group';
    place.ariaLabel = label;
    const head = Object.assign(document.createElement('span'), {className: 'muted', textContent: label});
    place.replaceChildren(head, ...all.map((one, i) => {
      const made = button({text: wordOf(one, i), kind: 'small'});
      made.ariaPressed = String(one.id === this.#piece.id);
      made.addEventListener('click', () => this.open(one.id, {push: true, bar: this.#bar}));
      return made;
    }));
  }

  #earlierTune({id, title, key, metre, bars, made, versions, colours}) {
    const row = document.createElement('li');
    const open = Object.assign(document.createElement('a'), {href: `/compose?piece=${id}`, className: 'earlier-open'});
    const name = Object.assign(document.createElement('span'), {className: 'earlier-title', textContent: title});
    const facts = Object.assign(document.createElement('span'), {
      className: 'muted',
      textContent: [key, metre, bars && `${bars} bars`, versions > 1 && `${versions} versions`, when(made)].filter(Boolean).join(' · '),
    });
    open.append(name, facts);
    if (colours.length) open.append(ribbon(colours));
    open.addEventListener('click', (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.open(id, {push: true}).then(() => at('tune').scrollIntoView({block: 'start'}));
    });
    let wasOpen = false;
    const remove = removeButton({id, title}, {
      onGone: () => {
        wasOpen = this.#piece?.id === id;
        if (wasOpen) {
          inAddress({piece: null});
          this.open(null);
        }
        return this.earlier();
      },
      onBack: async () => {
        if (wasOpen) await this.open(id, {push: true});
        return this.earlier();
      },
    });
    row.append(open, remove);
    return row;
  }
}

function ribbon(colours) {
  const made = Object.assign(document.createElement('span'), {className: 'earlier-colours', ariaHidden: 'true'});
  made.append(...colours.map((hex) => Object.assign(document.createElement('i'), {style: `background: ${hex}`})));
  return made;
}
