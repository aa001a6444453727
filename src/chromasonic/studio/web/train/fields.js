/** Fields of the form of a new training: numbers and choices by their dotted names. */

/**
 * A field as the studio describes it, with what was set before.
 * @param {{key: string, label: string, says: string, type: string, step?: number, value: any, options?: any[][]}} field
 * @param {any} kept what was set, or undefined
 * @returns {HTMLLabelElement}
 */
export function fieldOf(field, kept) {
  const input = field.type === 'choice' ? choiceOf(field, kept) : numberOf(field, kept);
  input.dataset.key = field.key;
  return labelled(field.label, input, field.says, `says-${field.key}`);
}

/** An input or select below its label, with a line that says more. */
export function labelled(text, input, says, id) {
  const made = document.createElement('label');
  made.className = 'field';
  const small = Object.assign(document.createElement('small'), {textContent: says, id});
  input.ariaLabel = text; // else the line below would be part of its name
  input.setAttribute('aria-describedby', id);
  made.append(text, input, small);
  return made;
}

function numberOf({step, value}, kept) {
  const input = Object.assign(document.createElement('input'), {
    type: 'number', step: 'any', min: 0, value: kept ?? value ?? '', inputMode: 'decimal',
    placeholder: value === null ? 'as usual' : '',
  });
  input.dataset.step = step;
  input.dataset.default = value ?? '';
  return input;
}

function choiceOf({options, value}, kept) {
  const select = document.createElement('select');
  const own = value === null ? [[null, 'as usual'], ...options] : options;
  select.append(...own.map(([one, words]) => new Option(words, JSON.stringify(one))));
  select.dataset.default = JSON.stringify(value);
  select.dataset.choice = 'yes';
  select.value = JSON.stringify(kept ?? value);
  return select;
}

/** What was set otherwise than it is by itself: dotted name to value. */
export function settingsIn(form) {
  const found = {};
  for (const input of form.querySelectorAll('[data-key]')) {
    const {value} = input;
    if (value === input.dataset.default || (value === '' && input.type !== 'number')) continue;
    if (value === '') found[input.dataset.key] = null; // emptied: the studio says that it wants a number
    else if (input.dataset.choice) found[input.dataset.key] = JSON.parse(input.value);
    else found[input.dataset.key] = input.type === 'number' ? Number(input.value) : input.value;
  }
  return found;
}
