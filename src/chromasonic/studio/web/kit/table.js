/** A table with a caption and headings that scrolls by itself where it is wide. */
import {html} from './chart-parts.js';

/**
 * @typedef {string | Node | (string | Node)[]} Content what stands in a cell; a `td` stands as it is
 */

/**
 * A table in a region that keyboards reach: the first cell of each row names the row.
 * @param {{caption: string, headings: string[], rows: Content[][], isNamed?: boolean, name?: string}} content
 *   `isNamed`: a heading above it says already what it is, so that its caption is for screen readers
 *   alone; `name`: class of the table
 * @returns {HTMLDivElement}
 */
export function captionedTable({caption, headings, rows, isNamed = false, name = ''}) {
  const head = html('tr', {}, ...headings.map((one) => html('th', {scope: 'col'}, one)));
  const made = html(
    'table', {class: name}, html('caption', {textContent: caption, class: isNamed ? 'unseen' : ''}),
    html('thead', {}, head), html('tbody', {}, ...rows.map(rowOf)),
  );
  return html('div', {class: 'table-wrap', tabIndex: 0, role: 'region', 'aria-label': caption}, made);
}

function rowOf([first, ...rest]) {
  return html(
    'tr', {}, html('th', {scope: 'row'}, ...[first].flat()),
    ...rest.map((one) => (one instanceof HTMLTableCellElement ? one : html('td', {}, ...[one].flat()))),
  );
}
