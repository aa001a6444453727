/** What gestures play: a row for each, or the mapping as text. */

const KEYS = ['C', 'D♭', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];
const KINDS = {chord: 'a chord', note: 'a note', beat: 'a beat', mood: 'a mood', nothing: 'nothing'};
const USUAL = {chord: 'I', note: 'D5', beat: 'rock', mood: 'glad', nothing: ''};
const HINTS = {chord: 'such as V7; several take turns', note: 'such as C4, or C4 E4'};

/** Fires `change` when something else shall be played. */
export class MappingForm extends EventTarget {
  #form;
  #rows = [];
  #values = {};
  #isText = false;

  /** @param {HTMLElement} element with the parts of the page */
  constructor(element) {
    super();
    this.#form = element;
    const keys = KEYS.flatMap((name) => ['major', 'minor'].map((mode) => {
      const plain = name.replace('♭', 'b').replace('♯', '#');
      return new Option(`${name} ${mode}`, `${plain} ${mode}`, false, plain === 'D' && mode === 'major');
    }));
    this.#key.replaceChildren(...keys);
    for (const field of [this.#key, this.#tempo]) field.addEventListener('change', () => this.#tell());
    this.#part('.play-text').addEventListener('click', () => {
      this.#isText = true;
      this.#showState();
      this.#tell();
    });
    this.#part('.use-rows').addEventListener('click', () => {
      this.#isText = false;
      this.#showState();
      this.#tell();
    });
  }

  #part(selector) { return this.#form.querySelector(selector); }
  get #key() { return this.#part('[name="key"]'); }
  get #tempo() { return this.#part('[name="tempo"]'); }
  get #text() { return this.#part('textarea'); }

  /** What the studio is asked for: {rows, text, key, tempo}. */
  wishes() {
    const tempo = Math.max(30, Math.min(300, Number(this.#tempo.value) || 100));
    return {
      rows: this.#rows.length ? this.#rows.map((row) => ({...row})) : null,
      text: this.#isText ? this.#text.value : null,
      key: this.#key.value, tempo,
    };
  }

  /** Take what was asked for before (after a reload). */
  takeWishes({key, tempo, text}) {
    if (key) this.#key.value = key;
    if (tempo) this.#tempo.value = tempo;
    this.#isText = Boolean(text);
    if (text) this.#text.value = text;
    this.#showState();
  }

  /** Another model: its gestures begin with what they play at first. */
  forget() {
    this.#rows = [];
    this.#isText = false;
    this.#showState();
  }

  /** What there is to choose from: {beat: [...], mood: [...]}. */
  setValues(values) {
    this.#values = values;
  }

  /** Show what was played: rows (null: it was text), the text, and which gestures were met. */
  show({rows, mapping, events}) {
    if (!this.#isText || this.#text !== document.activeElement) this.#text.value = mapping;
    if (rows) this.#rows = rows;
    const met = new Set(events.map((event) => event.class));
    const [first, others] = [this.#part('.rows'), this.#part('.other-rows')];
    const held = document.activeElement?.dataset.of;
    const lines = this.#rows.map((row) => [met.has(row.gesture), this.#line(row)]);
    first.replaceChildren(...lines.filter(([isMet]) => isMet).map(([, line]) => line));
    others.replaceChildren(...lines.filter(([isMet]) => !isMet).map(([, line]) => line));
    const rest = this.#part('details.others');
    rest.hidden = !others.childElementCount;
    rest.querySelector('summary').textContent = `Gestures that are not in this recording (${others.childElementCount})`;
    if (held) this.#form.querySelector(`[data-of="${CSS.escape(held)}"]`)?.focus();
    this.#showState();
  }

  #line(row) {
    const line = document.createElement('li');
    const name = Object.assign(document.createElement('span'), {className: 'gesture', textContent: row.gesture});
    const kind = document.createElement('select');
    kind.ariaLabel = `${row.gesture} plays`;
    kind.dataset.of = `${row.gesture}/kind`;
    kind.replaceChildren(...Object.entries(KINDS).map(([value, words]) => new Option(words, value, false, value === row.plays)));
    kind.addEventListener('change', () => {
      row.plays = kind.value;
      row.value = USUAL[kind.value];
      line.lastElementChild.replaceWith(this.#value(row));
      this.#tell();
    });
    line.append(name, kind, this.#value(row));
    return line;
  }

  #value(row) {
    if (row.plays === 'nothing') return document.createElement('span');
    const given = this.#values[row.plays];
    const field = document.createElement(given ? 'select' : 'input');
    if (given) field.replaceChildren(...given.map((one) => new Option(one)));
    else Object.assign(field, {maxLength: 200, title: HINTS[row.plays], autocomplete: 'off', spellcheck: false});
    field.value = row.value;
    field.ariaLabel = `Which ${row.plays} ${row.gesture} plays${given ? '' : `, ${HINTS[row.plays]}`}`;
    field.dataset.of = `${row.gesture}/value`;
    field.addEventListener('change', () => {
      row.value = field.value.trim();
      this.#tell();
    });
    return field;
  }

  #showState() {
    this.#part('.as-rows').disabled = this.#isText;
    this.#part('.use-rows').hidden = !this.#isText;
  }

  #tell() {
    this.dispatchEvent(new Event('change'));
  }
}
