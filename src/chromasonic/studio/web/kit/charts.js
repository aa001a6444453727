/** Charts without a library: lines, radar, figures with intervals; each with a table of its own. */
export {lineChart, smoothed} from './chart-line.js';
export {intervals, radar} from './chart-radar.js';
export {said, ticks} from './chart-parts.js';
