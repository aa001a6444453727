/** The colours that hold now, for what is drawn by hand, and when they change. */

const NAMES = ['paper', 'card', 'sunk', 'ink', 'soft', 'hair', 'accent', 'warm', 'good', 'bad', 'mark', 'sans', 'serif'];

/** The values of the design's variables, and `series`: colours of voices and curves. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(`--${name}`).trim();
  const all = Object.fromEntries(NAMES.map((name) => [name, value(name)]));
  return {...all, series: [1, 2, 3, 4, 5, 6].map((number) => value(`series-${number}`))};
}

/** Call `redraw` whenever light turns to dark or back. */
export function onThemeChange(redraw) {
  new MutationObserver(redraw).observe(document.documentElement, {attributeFilter: ['data-theme']});
}
