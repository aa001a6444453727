/** What can be done with a model: promote, roll back, verify, download. */
import {post, runJob} from '../kit/api.js';
import {dialog} from '../kit/dialog.js';
import {notice} from '../kit/notices.js';
import {working} from '../kit/progress.js';
import {html} from './parts.js';

const place = () => document.getElementById('model-work');

/** Run a job with its progress shown in the model's panel; words of a failure stay there. */
async function done(path, body, label) {
  try {
    const job = await post(path, body);
    return await working(place(), (watching) => runJob(job, watching), {label});
  } catch (error) {
    if (error.name !== 'AbortError') {
      place().hidden = false;
      place().replaceChildren(html('p', {class: 'models-problem', role: 'alert'}, error.message));
    }
    return null;
  }
}

/** Ask how, run the gate, show its verdict. @returns {Promise<boolean>} whether anything changed */
export async function promote(model) {
  const alias = html('input', {value: 'champion', maxLength: 64, required: true});
  const gate = html('input', {type: 'checkbox', checked: true});
  const why = html('input', {maxLength: 300});
  const content = html(
    'div', {class: 'stack'},
    html('label', {class: 'field'}, 'Put it in use as', alias),
    html('label', {class: 'row'}, gate, html('span', {}, 'Check first: unchanged files, a valid export, and that it is not worse than the one in use')),
    html('label', {class: 'field'}, 'Why (is kept in the history)', why),
    html('p', {class: 'muted'}, `Whatever loads ${model.name}@champion loads this version from then on. It can be rolled back.`),
  );
  const said = await dialog({title: `Promote ${model.reference}`, content, buttons: [{text: 'Cancel', value: ''}, {text: 'Promote', value: 'yes', kind: 'primary'}]});
  if (said !== 'yes') return false;
  const wish = {reference: model.reference, alias: alias.value.trim(), gate: gate.checked, why: why.value};
  return asked(wish);
}

async function asked(wish) {
  const found = await done('/api/models/promote', wish, wish.gate ? 'At the gate' : 'Promoting');
  if (!found) return false;
  if (found.says) notice(found.says, 'good');
  return {found, retry: (why) => asked({...wish, force: true, why})};
}

/** The gate's verdict, check by check; where it refused, the way past it. */
export function showVerdict({found, retry}, onForced) {
  const {gate, changed, says} = found;
  if (!gate) return;
  const head = gate.passed ? `The gate lets it pass. ${says}` : `The gate refuses ${gate.version}${gate.against ? `; ${gate.against} stays in use` : ''}.`;
  const signs = {true: ['✓', 'passed'], false: ['✗', 'failed'], null: ['–', 'nothing to look at']};
  const checks = gate.checks.map((one) => {
    const [sign, words] = signs[one.passed];
    const made = html('div', {class: 'models-check', 'data-passed': String(one.passed)},
      html('span', {role: 'img', 'aria-label': words}, sign), html('span', {}, html('strong', {}, `${one.name}: `), one.says));
    return made;
  });
  const parts = [html('p', {role: 'status'}, html('strong', {}, head)), ...checks];
  if (!gate.passed && !changed) {
    const why = html('input', {maxLength: 300, required: true});
    const force = html('button', {type: 'submit'}, 'Use it all the same');
    const form = html('form', {class: 'stack'}, html('label', {class: 'field'}, 'Reason to use it all the same (is kept)', why), html('div', {class: 'row'}, force));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const again = await retry(why.value);
      if (again) onForced(again);
    });
    parts.push(html('details', {}, html('summary', {}, 'It is meant all the same'), form));
  }
  place().hidden = false;
  place().replaceChildren(html('section', {class: 'panel', 'aria-label': 'Verdict of the gate'}, ...parts));
}

/** Ask and roll the champion back. @returns {Promise<boolean>} whether it was */
export async function rollBack(model) {
  const to = model.earlier.at(-1);
  const why = html('input', {maxLength: 300});
  const content = html(
    'div', {class: 'stack'},
    html('p', {}, `${model.name}@champion goes back to version ${to}. Nothing is deleted; promote a version to go forward again.`),
    html('label', {class: 'field'}, 'Why (is kept in the history)', why),
  );
  const said = await dialog({title: `Roll back ${model.name}?`, content, buttons: [{text: 'Cancel', value: ''}, {text: `Back to version ${to}`, value: 'yes', kind: 'primary'}]});
  if (said !== 'yes') return false;
  const found = await done('/api/models/rollback', {name: model.name, alias: 'champion', why: why.value}, 'Rolling back');
  if (found) notice(found.says, 'good');
  return Boolean(found);
}

/** Compare the files with their hashes. */
export async function verify(model) {
  const found = await done('/api/models/verify', {reference: model.reference}, 'Checking its files');
  if (!found) return;
  place().hidden = false;
  if (!found.problems.length) place().replaceChildren(html('p', {role: 'status'}, `✓ All ${found.files} files are what they were, byte for byte.`));
  else place().replaceChildren(...found.problems.map((one) => html('p', {class: 'models-problem', role: 'alert'}, one)));
}

const FORMATS = {'': 'The model as it is (to load with Chromasonic)', rtneural: 'RTNeural JSON (for plugins in C++)', onnx: 'ONNX', modelt: 'Compact binary (modelt)'};

/** Choose a form, pack it, save it. */
export async function download(model) {
  const inputs = ['', ...model.formats].map((form, number) => html('label', {class: 'row'}, html('input', {type: 'radio', name: 'format', value: form, checked: number === 0}), html('span', {}, FORMATS[form] ?? form)));
  const content = html('div', {class: 'stack'}, ...inputs, html('p', {class: 'muted'}, 'An export is proven to compute the same before you get it; that takes some seconds.'));
  const said = await dialog({title: `Download ${model.reference}`, content, buttons: [{text: 'Cancel', value: ''}, {text: 'Download', value: 'yes', kind: 'primary'}]});
  if (said !== 'yes') return;
  const form = content.querySelector('input:checked').value;
  const found = await done('/api/models/pack', {reference: model.reference, format: form}, 'Packing');
  if (!found) return;
  html('a', {href: `/api/models/packed/${found.file}`, download: found.file}).click();
}

