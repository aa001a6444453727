/** How long a listener needs; and how many listeners it takes, by the simulations of `chromasonic ab simulate` (docs/ab-online.md). */

/** Votes each -> [votes until 60 to 40 is seen, votes until 70 to 30 is seen], medians. */
const VOTES = [[1, 207, 45], [5, 305, 111], [10, 477, 205]];

/**
 * @param {number} trials pairs each listener hears
 * @returns {string} a sentence
 */
export function listenersFor(trials) {
  if (!(trials >= 1)) return '';
  const [slight, clear] = [1, 2].map((column) => Math.ceil(votesAt(trials, column) / trials));
  return `How many listeners? A slight preference, 60 to 40, shows after about ${slight} of them, a clear one, 70 to 30, after about ${clear}. More people tell more than more pairs.`;
}

/**
 * @param {{trials: number, repeats: number, anchors: number, by: string, clipSeconds: number?}} asked of each listener
 * @returns {string} how many pairs that is in all, and how many minutes about
 */
export function lengthOf({trials, repeats, anchors, by, clipSeconds}) {
  if (!(trials >= 1) || !(repeats >= 0)) return '';
  const twice = Math.min(repeats, trials);
  const with_ = Math.min(anchors, trials);
  const all = trials + twice + with_;
  const parts = [twice && `${twice} of them twice`, with_ && `${with_} with music by ${by}`].filter(Boolean);
  const sum = parts.length ? ` (${trials}, ${parts.join(', ')})` : '';
  const minutes = Math.max(1, Math.round(all * (2 * clipSeconds + 7) / 60));
  const time = clipSeconds ? `, about ${minutes === 1 ? 'a minute' : `${minutes} minutes`}` : '';
  return `Each listener hears ${all} ${all === 1 ? 'pair' : 'pairs'} in all${sum}${time}. Nobody is told which pairs come twice.`;
}

function votesAt(trials, column) {
  const next = VOTES.findIndex(([each]) => each >= trials);
  if (next === 0) return VOTES[0][column];
  // Beyond ten votes each what one listener adds stays about as it is between five and ten.
  const [low, high] = next < 0 ? VOTES.slice(-2) : VOTES.slice(next - 1, next + 1);
  return low[column] + (high[column] - low[column]) * (trials - low[0]) / (high[0] - low[0]);
}
