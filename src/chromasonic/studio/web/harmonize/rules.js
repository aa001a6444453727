/** The list of broken rules beside a score: by rule, the gravest first; choosing one lights it. */

/** Up to so many ornaments are shown at first; more would hide what is wrong. */
const FEW_ORNAMENTS = 12;

export const GRAVITIES = [
  {name: 'fault', one: 'fault', many: 'faults', words: 'Textbooks forbid it.'},
  {name: 'weakness', one: 'weakness', many: 'weaknesses', words: 'Allowed where there is a reason.'},
  {name: 'taste', one: 'matter of taste', many: 'matters of taste', words: 'No mistake, only rarer in Bach than the alternative.'},
  {name: 'merit', one: 'merit', many: 'merits', words: 'Speaks for the setting.'},
  {name: 'ornament', one: 'ornament', many: 'ornaments', words: 'No mistake: a suspension, a passing tone or the like, by its name.'},
];

/** @param {number} count */
export function counted(gravity, count) {
  return `${count || 'No'} ${count === 1 ? gravity.one : gravity.many}`;
}

/** Events: `choose` (detail: the mark), `filter` (detail: the marks that are shown). */
export class RuleList extends EventTarget {
  #element;
  #marks = [];
  #shown = new Set(['fault', 'weakness']);
  #chosen = null;

  constructor(element) {
    super();
    this.#element = element;
  }

  /** The marks that are shown, in time, each with an `id` of its own. */
  get shown() { return this.#marks.filter((mark) => this.#shown.has(mark.gravity)); }

  /** @param {object[]} marks as the piece holds them */
  show(marks) {
    this.#marks = marks.map((mark, index) => ({...mark, id: String(index + 1)}));
    this.#chosen = null;
    const ornaments = marks.filter(({gravity}) => gravity === 'ornament').length;
    if (ornaments <= FEW_ORNAMENTS) this.#shown.add('ornament');
    else this.#shown.delete('ornament');
    this.#draw();
    this.#tell('filter', this.shown);
  }

  /** Choose a mark by its id, as if its line had been pressed. */
  choose(id, {focus = false} = {}) {
    const mark = this.#marks.find((one) => one.id === String(id));
    if (!mark) return;
    this.#chosen = mark.id;
    for (const line of this.#element.querySelectorAll('.place')) {
      const isIt = line.dataset.id === mark.id;
      line.setAttribute('aria-current', String(isIt));
      if (!isIt) continue;
      line.closest('details').open = true;
      line.scrollIntoView({block: 'nearest'});
      if (focus) line.focus();
    }
    this.#tell('choose', mark);
  }

  #draw() {
    const title = element('h3', {textContent: 'Rules'});
    this.#element.replaceChildren(title, this.#filters(), this.#list());
  }

  #filters() {
    const row = element('div', {className: 'filters', role: 'group', ariaLabel: 'Which are shown'});
    for (const gravity of GRAVITIES) {
      const count = this.#marks.filter((mark) => mark.gravity === gravity.name).length;
      if (!count && gravity.name !== 'fault') continue;
      const chip = element('button', {type: 'button', className: `chip ${gravity.name}`, title: gravity.words});
      chip.ariaPressed = String(this.#shown.has(gravity.name));
      chip.append(element('span', {className: 'dot'}), counted(gravity, count));
      chip.addEventListener('click', () => {
        if (!this.#shown.delete(gravity.name)) this.#shown.add(gravity.name);
        chip.ariaPressed = String(this.#shown.has(gravity.name));
        this.#element.querySelector('.rule-groups').replaceWith(this.#list());
        this.#tell('filter', this.shown);
      });
      row.append(chip);
    }
    return row;
  }

  #list() {
    const groups = element('div', {className: 'rule-groups'});
    const shown = this.shown;
    if (!shown.length) {
      groups.append(element('p', {className: 'muted', textContent: this.#none()}));
      return groups;
    }
    const order = GRAVITIES.map(({name}) => name);
    const sorted = [...grouped(shown, ({rule, text, gravity}) => (gravity === 'ornament' ? text : rule)).values()].sort((a, b) => order.indexOf(a[0].gravity) - order.indexOf(b[0].gravity)
      || b.length * b[0].cost - a.length * a[0].cost);
    const numbers = new Map(momentsOf(shown).flatMap(({marks, number}) => marks.map(({id}) => [id, number])));
    groups.append(...sorted.map((marks, index) => this.#group(marks, numbers, index < 6 && !['taste', 'ornament'].includes(marks[0].gravity))));
    return groups;
  }

  #none() {
    if (this.#marks.every(({gravity}) => gravity === 'ornament')) return 'No rule is broken.';
    return this.#shown.size ? 'None of these. Matters of taste can be shown above.' : 'Choose above what is shown.';
  }

  #group(marks, numbers, isOpen) {
    const [first] = marks;
    const made = element('details', {className: `rule ${first.gravity}`, open: isOpen});
    const head = element('summary');
    const {one: word, words} = GRAVITIES.find(({name}) => name === first.gravity);
    const article = /^[aeiou]/.test(word) ? 'An' : 'A';
    head.title = `${article} ${word}. ${words}`;
    head.append(element('span', {className: 'dot'}), element('span', {className: 'unseen', textContent: `${article} ${word}: `}),
      element('span', {className: 'rule-text', textContent: sentence(first.text)}),
      element('span', {className: 'rule-count', textContent: marks.length}));
    const advice = element('p', {className: 'advice small'});
    const helps = first.gravity === 'ornament' ? first.mend : `What helps: ${lower(first.mend)}`;
    advice.append(`${first.why} `, element('em', {textContent: helps}));
    const source = element('p', {className: 'source small muted', textContent: first.source});
    const places = element('ol', {className: 'places'});
    places.append(...marks.map((mark) => this.#place(mark, numbers.get(mark.id))));
    made.append(head, advice, places, source);
    return made;
  }

  #place(mark, number) {
    const line = element('li');
    const choose = element('button', {type: 'button', className: 'place'});
    choose.dataset.id = mark.id;
    choose.setAttribute('aria-current', String(mark.id === this.#chosen));
    choose.append(element('span', {className: `number ${mark.gravity}`, textContent: number}),
      element('span', {textContent: whereOf(mark)}), element('span', {className: 'muted', textContent: whoOf(mark)}));
    choose.addEventListener('click', () => this.choose(mark.id));
    line.append(choose);
    return line;
  }

  #tell(name, detail) { this.dispatchEvent(new CustomEvent(name, {detail})); }
}

/**
 * Marks by the moment that they are about, in time, numbered from 1; of each moment the gravest first.
 * @returns {{number: number, marks: object[]}[]}
 */
export function momentsOf(marks) {
  const order = GRAVITIES.map(({name}) => name);
  const groups = grouped(marks, ({bar, beat}) => `${bar}/${beat}`);
  return [...groups.values()].map((all, index) => ({
    number: index + 1,
    marks: [...all].sort((a, b) => order.indexOf(a.gravity) - order.indexOf(b.gravity)),
  }));
}

/** Where it is, in words. */
export function whereOf({bar, beat}) {
  const place = bar ? `Bar ${bar}` : 'Upbeat';
  return Number.isInteger(beat) ? `${place}, beat ${beat}` : `${place}, after beat ${Math.floor(beat)}`;
}

/** Who sings what there, or which chords they are. */
export function whoOf({voices, sung, numerals}) {
  if (numerals.length > 1) return pretty(numerals.join(' to '));
  const words = voices.map((voice, index) => `${voice.toLowerCase()} ${sung[index]?.replace('-', ' to ') ?? ''}`);
  return pretty(voices.length > 3 ? `${numerals.join('')} ${sung.join(' ')}`.trim() : words.join(', '));
}

/** What the marks of a moment say, a line a rule. */
export function wordsOf(marks) {
  const lines = [...grouped(marks, ({text}) => text).values()].map((same) => {
    const who = [...new Set(same.map(whoOf))].join('; ');
    return `${sentence(same[0].text)}: ${who}. ${same[0].why}`;
  });
  return [`${whereOf(marks[0])}:`, ...lines].join('\n');
}

/** Names of notes and numerals with the signs of music. */
export function pretty(text) {
  return text.replace(/\b([A-G])(#+|b+(?![a-z]))/g, (_, letter, signs) => letter + signs.replaceAll('#', '♯').replaceAll('b', '♭'))
    .replace(/(vii|ii|iv|vi|iii|i|v)\/?o(?=\d|\/|\s|$)/g, (whole, letters) => letters + (whole.includes('/o') ? 'ø' : '°'))
    .replace(/(^|\s)([#b])(?=[iIvV])/g, (_, before, sign) => before + (sign === '#' ? '♯' : '♭'));
}

function sentence(text) { return text[0].toUpperCase() + text.slice(1); }
function lower(text) { return text[0].toLowerCase() + text.slice(1); }

function grouped(marks, key) {
  const found = new Map();
  for (const mark of marks) found.set(key(mark), [...(found.get(key(mark)) ?? []), mark]);
  return found;
}

function element(name, values = {}) { return Object.assign(document.createElement(name), values); }
