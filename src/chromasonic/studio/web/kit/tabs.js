/** Tabs: <div class="tabs"><div role="tablist">…buttons role=tab aria-controls…</div> panels </div> */

/**
 * Make the tabs in an element work; arrow keys go from one to the next.
 * @param {HTMLElement} element
 * @param {{onChange?: (id: string) => void}} [options] told the shown panel's id
 * @returns {{show: (id: string) => void}}
 */
export function tabs(element, {onChange} = {}) {
  const all = [...element.querySelectorAll('[role="tab"]')];
  const panel = (tab) => document.getElementById(tab.getAttribute('aria-controls'));
  const show = (tab, isQuiet = false) => {
    for (const one of all) {
      const isOn = one === tab;
      one.ariaSelected = String(isOn);
      one.tabIndex = isOn ? 0 : -1;
      panel(one).hidden = !isOn;
    }
    if (!isQuiet) onChange?.(panel(tab).id);
  };
  for (const [index, tab] of all.entries()) {
    const its = panel(tab);
    tab.type = 'button';
    tab.id ||= `${its.id}-tab`;
    its.role = 'tabpanel';
    its.setAttribute('aria-labelledby', tab.id);
    tab.addEventListener('click', () => show(tab));
    tab.addEventListener('keydown', ({key}) => {
      const to = {ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: all.length - 1}[key];
      if (to === undefined) return;
      const next = all[(to + all.length) % all.length];
      show(next);
      next.focus();
    });
  }
  show(all.find((tab) => tab.ariaSelected === 'true') ?? all[0], true);
  return {show: (id) => show(all.find((tab) => panel(tab).id === id))};
}
