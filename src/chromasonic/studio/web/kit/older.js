/** What some browsers lack or forbid, put in their place before anything needs it. Not a module, so
 * that it comes first. */
(() => {
  // `element.ariaLabel = ...` as the attribute that it means: Firefox before 119 has none of these.
  const words = [
    'AriaBusy', 'AriaColCount', 'AriaHidden', 'AriaLabel', 'AriaPressed', 'AriaRowCount', 'AriaSelected',
  ].map((name) => [name[0].toLowerCase() + name.slice(1), `aria-${name.slice(4).toLowerCase()}`]);
  for (const [property, attribute] of [...words, ['role', 'role']]) {
    if (property in Element.prototype) continue;
    Object.defineProperty(Element.prototype, property, {
      configurable: true,
      get() { return this.getAttribute(attribute); },
      set(value) {
        if (value === null || value === undefined) this.removeAttribute(attribute);
        else this.setAttribute(attribute, value);
      },
    });
  }

  // Where cookies are blocked, the mere word `localStorage` is an error: then it lasts as long as the page.
  for (const name of ['localStorage', 'sessionStorage']) {
    try {
      window[name].getItem('chromasonic');
    } catch {
      const kept = new Map();
      Object.defineProperty(window, name, {configurable: true, value: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => kept.set(key, String(value)),
        removeItem: (key) => kept.delete(key),
      }});
    }
  }
})();
