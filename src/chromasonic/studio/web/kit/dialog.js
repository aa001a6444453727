/** Questions that want an answer before anything goes on. */

/**
 * Ask; Escape and a click beside it say no.
 * @param {{title: string, text?: string, yes?: string, no?: string, isDangerous?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function ask({title, text = '', yes = 'OK', no = 'Cancel', isDangerous = false}) {
  const body = document.createElement('p');
  body.textContent = text;
  return dialog({title, content: body, buttons: [
    {text: no, value: ''},
    {text: yes, value: 'yes', kind: isDangerous ? 'danger' : 'primary'},
  ]}).then((value) => value === 'yes');
}

/**
 * Show a dialog.
 * @param {{title: string, content: Node, buttons: {text: string, value: string, kind?: string}[],
 *   accept?: () => Promise<void>}} parts `accept` does what is asked for before the dialog closes; where it
 *   is refused, the dialog stays with all that was typed and says why
 * @returns {Promise<string>} the value of the button, "" where it was closed
 */
export function dialog({title, content, buttons, accept}) {
  const made = document.createElement('dialog');
  const form = Object.assign(document.createElement('form'), {method: 'dialog', className: 'stack'});
  const head = Object.assign(document.createElement('h2'), {textContent: title, id: `dialog-${Math.random().toString(36).slice(2)}`});
  const row = Object.assign(document.createElement('div'), {className: 'row end'});
  for (const {text, value, kind = ''} of buttons) {
    const type = value ? 'submit' : 'button'; // so that Enter in a field says yes, whatever stands first
    const one = Object.assign(document.createElement('button'), {textContent: text, value, className: kind, type});
    if (!value) one.addEventListener('click', () => made.close(''));
    row.append(one);
  }
  const fault = Object.assign(document.createElement('p'), {className: 'callout bad', role: 'alert', hidden: true});
  form.append(head, content, fault, row);
  if (accept) form.addEventListener('submit', (event) => tryFirst(event, {made, row, fault, accept}));
  made.append(form);
  made.setAttribute('aria-labelledby', head.id);
  // While what was asked for is done, its end is waited for.
  made.addEventListener('cancel', (event) => made.ariaBusy === 'true' && event.preventDefault());
  made.addEventListener('click', (event) => event.target === made && made.ariaBusy !== 'true' && made.close(''));
  document.body.append(made);
  made.showModal();
  return new Promise((resolve) => {
    made.addEventListener('close', () => {
      made.remove();
      resolve(made.returnValue);
    });
  });
}

async function tryFirst(event, {made, row, fault, accept}) {
  const {value} = event.submitter;
  event.preventDefault();
  fault.hidden = true;
  for (const button of row.children) button.disabled = true;
  made.ariaBusy = 'true';
  try {
    await accept();
    made.close(value);
  } catch (error) {
    made.ariaBusy = 'false';
    fault.textContent = error.message;
    fault.hidden = false;
    for (const button of row.children) button.disabled = false;
    made.querySelector('input')?.focus();
  }
}
