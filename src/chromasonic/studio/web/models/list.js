/** The list of models: registered ones by name, then shipped ones. */
import {badges, day, html, size} from './parts.js';

/**
 * @param {HTMLElement} element
 * @param {{onOpen: (reference: string) => void, onChoose: (reference: string, isOn: boolean) => void}} options
 */
export function modelList(element, {onOpen, onChoose}) {
  function row(model, {selected, chosen}) {
    const box = html('input', {type: 'checkbox', checked: chosen.includes(model.reference), ariaLabel: `Compare ${model.reference}`});
    box.addEventListener('change', () => onChoose(model.reference, box.checked));
    const title = model.is_shipped ? model.name : `Version ${model.version}`;
    const head = model.headline ? `${model.headline.text} ${model.headline.name}` : '';
    const about = [model.title || model.kind, head, day(model.created) || size(model.size_bytes)].filter(Boolean).join(' · ');
    const open = html('button', {type: 'button'}, html('strong', {}, title, ...badges(model)), html('small', {textContent: about}));
    open.addEventListener('click', () => onOpen(model.reference));
    const made = html('li', {class: 'models-row'}, html('label', {class: 'models-tick'}, box), open);
    if (model.reference === selected) {
      made.dataset.selected = '';
      open.setAttribute('aria-current', 'true');
    }
    return made;
  }

  function group(title, models, state) {
    return html('section', {class: 'models-group'}, html('h3', {textContent: title}), html('ul', {}, ...models.map((one) => row(one, state))));
  }

  return {
    show({shipped, versions, isOpening}, state) {
      const focused = document.activeElement?.closest?.('.models-row button, .models-row input');
      const wanted = focused?.ariaLabel ?? focused?.textContent;
      const keep = element.scrollTop;
      element.removeAttribute('aria-busy');
      const parts = isOpening ? [html('p', {class: 'muted models-none', role: 'status'}, 'Opening the registry …')] : [];
      for (const name of new Set(versions.map((one) => one.name))) {
        parts.push(group(name, versions.filter((one) => one.name === name), state));
      }
      if (shipped.length) parts.push(group('Ready to use', shipped, state));
      if (!isOpening && !versions.length) {
        parts.push(html('p', {class: 'muted models-none'}, 'Nothing is registered yet. Train a model, then press Register there: ', html('a', {href: '/train'}, 'to Train')));
      }
      element.replaceChildren(...parts);
      element.scrollTop = keep;
      const again = [...element.querySelectorAll('button, input')].find((one) => wanted && (one.ariaLabel ?? one.textContent) === wanted);
      again?.focus({preventScroll: true});
    },
  };
}
