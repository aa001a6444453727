/** When something was made, in words. */

/**
 * "today 14:05", or "21 Nov 2026, 14:05", as the reader's language writes it.
 * @param {string | number} made as the studio tells it
 */
export function when(made) {
  const date = new Date(made);
  if (date.toDateString() === new Date().toDateString()) {
    return `today ${date.toLocaleTimeString([], {hour: '2-digit', minute: '2-digit'})}`;
  }
  return date.toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'});
}
