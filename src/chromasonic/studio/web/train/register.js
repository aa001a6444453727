/** Registering a run: under which name, which of its models. */
import {post, runJob} from '../kit/api.js';
import {dialog} from '../kit/dialog.js';

const KEPT = 'Its files are copied and kept with their hashes as the next version of that name.';

/**
 * Ask for a name and register.
 * @param {object} run
 * @returns {Promise<string>} the reference of what was registered; "" where nothing was
 */
export async function nameField(run) {
  const content = document.createElement('div');
  content.className = 'stack';
  const field = (text, input) => {
    const label = Object.assign(document.createElement('label'), {className: 'field', textContent: text});
    label.append(input);
    content.append(label);
    return input;
  };
  const suggestion = run.name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '').slice(0, 40) || 'model';
  const name = field('Name of the model', Object.assign(document.createElement('input'), {value: suggestion, maxLength: 64, required: true}));
  const note = field('Note (may be empty)', Object.assign(document.createElement('input'), {maxLength: 300}));
  const words = Object.assign(document.createElement('p'), {
    className: 'muted', role: 'status', textContent: KEPT,
  });
  content.append(words);
  let made = '';
  const register = async () => {
    words.textContent = 'Registering …';
    try {
      const {versions} = await runJob(await post('/api/models/register', {run: run.id, name: name.value, note: note.value}));
      [made] = versions;
    } finally {
      words.textContent = KEPT;
    }
  };
  await dialog({title: `Register ${run.name}`, content, accept: register, buttons: [{text: 'Cancel', value: ''}, {text: 'Register', value: 'yes', kind: 'primary'}]});
  return made;
}
