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
 * @param {{title: string, content: Node, buttons: {text: string, value: string, kind?: string}[]}} parts
 * @returns {Promise<string>} the value of the button, "" where it was closed
 */
export function dialog({title, content, buttons}) {
  const made = document.createElement('dialog');
  const form = Object.assign(document.createElement('form'), {method: 'dialog', className: 'stack'});
  const head = Object.assign(document.createElement('h2'), {textContent: title, id: `dialog-${Math.random().toString(36).slice(2)}`});
  const row = Object.assign(document.createElement('div'), {className: 'row end'});
  for (const {text, value, kind = ''} of buttons) {
    row.append(Object.assign(document.createElement('button'), {textContent: text, value, className: kind}));
  }
  form.append(head, content, row);
  made.append(form);
  made.setAttribute('aria-labelledby', head.id);
  made.addEventListener('click', (event) => event.target === made && made.close(''));
  document.body.append(made);
  made.showModal();
  return new Promise((resolve) => {
    made.addEventListener('close', () => {
      made.remove();
      resolve(made.returnValue);
    });
  });
}
