/** The line that goes over the grid while it plays. */
import {stepAt} from './pattern.js';

export class Cursor {
  isOn = true;
  #line;
  #grid;
  #player;
  #pattern;
  #isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;

  constructor(line, grid, player, pattern) {
    [this.#line, this.#grid, this.#player, this.#pattern] = [line, grid, player, pattern];
    for (const name of ['time', 'pause', 'end', 'load']) {
      player.addEventListener(name, () => this.#show());
    }
  }

  #show() {
    const {position, duration, isPlaying} = this.#player;
    this.#line.hidden = !this.isOn || !duration || (!isPlaying && position === 0);
    if (this.#line.hidden) return;
    const cells = this.#grid.lastElementChild?.children;
    if (!cells) return;
    const {steps} = this.#pattern;
    const step = Math.min(stepAt(position / duration, this.#pattern), steps - 1e-6);
    const [now, next] = [cells[1 + Math.floor(step)], cells[Math.min(steps, 2 + Math.floor(step))]];
    if (!now) return;
    const share = this.#isCalm ? 0 : step % 1;
    const width = next === now ? now.offsetWidth : next.offsetLeft - now.offsetLeft;
    // A hit stands in the middle of its cell.
    const left = now.offsetLeft + share * width + now.offsetWidth / 2;
    this.#line.style.transform = `translateX(${left}px)`;
    if (isPlaying) this.#follow(left);
  }

  #follow(left) {
    const place = this.#line.parentElement;
    if (place.scrollWidth <= place.clientWidth + 1 || place.contains(document.activeElement)) return;
    if (left > place.scrollLeft + place.clientWidth - 24 || left < place.scrollLeft + 90) {
      place.scrollLeft = Math.max(0, left - 110);
    }
  }
}
