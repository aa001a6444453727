/** Landmarks drawn in motion: bones, joints, the way they came; turned by hand where there is depth. */

const TRAIL = 12; // frames
const TURN = Math.PI / 36;
const DEPTH = 3.2; // how far off the eye is

export class Stage {
  #canvas;
  #film = null;
  #frame = 0;
  #turn = {yaw: 0, pitch: 0};
  #isFlipped = false;
  #box = {scale: 1, middle: [0, 0, 0]};
  #isQueued = false;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#draw()).observe(canvas);
    new MutationObserver(() => this.draw()).observe(document.documentElement, {attributeFilter: ['data-theme']});
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    canvas.addEventListener('pointerdown', (event) => this.#grab(event));
    canvas.addEventListener('keydown', (event) => this.#key(event));
  }

  /** @param {import('./film.js').Film} film */
  show(film) {
    this.#film = film;
    this.#frame = 0;
    this.#isFlipped = false;
    this.#turn = {yaw: 0, pitch: 0};
    this.#box = boxOf(film);
    this.draw();
  }

  /** Show the frame of a time. */
  at(seconds) {
    if (!this.#film) return;
    const frame = this.#film.frameAt(seconds);
    if (frame === this.#frame) return;
    this.#frame = frame;
    this.draw();
  }

  /** Upside down: not every recording says which way is up. */
  flip() {
    this.#isFlipped = !this.#isFlipped;
    this.draw();
  }

  turnTo(yaw, pitch) {
    this.#turn = {yaw, pitch: Math.max(-1.5, Math.min(1.5, pitch))};
    this.draw();
  }

  draw() {
    if (this.#isQueued) return;
    this.#isQueued = true;
    requestAnimationFrame(() => {
      this.#isQueued = false;
      this.#draw();
    });
  }

  #grab(event) {
    if (!this.#film || this.#film.dimensions < 3) return;
    const begun = {x: event.clientX, y: event.clientY, ...this.#turn};
    const move = ({clientX, clientY}) => {
      this.turnTo(begun.yaw + (clientX - begun.x) / 120, begun.pitch + (clientY - begun.y) / 120);
    };
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.addEventListener('pointermove', move);
    const end = () => this.#canvas.removeEventListener('pointermove', move);
    this.#canvas.addEventListener('pointerup', end, {once: true});
    this.#canvas.addEventListener('pointercancel', end, {once: true});
  }

  #key(event) {
    const {yaw, pitch} = this.#turn;
    const turns = {
      ArrowLeft: [yaw - TURN, pitch], ArrowRight: [yaw + TURN, pitch],
      ArrowUp: [yaw, pitch - TURN], ArrowDown: [yaw, pitch + TURN], Home: [0, 0],
    };
    if (!turns[event.key] || this.#film?.dimensions !== 3) return;
    event.preventDefault();
    this.turnTo(...turns[event.key]);
  }

  /** A point in the picture: [x, y, nearness], or null. */
  #placed(frame, node, size) {
    const point = this.#film.point(frame, node);
    if (!point) return null;
    const {scale, middle} = this.#box;
    let [x, y, z] = [0, 1, 2].map((axis) => ((point[axis] ?? 0) - (middle[axis] ?? 0)) * scale);
    if (this.#isFlipped) y = -y;
    const {yaw, pitch} = this.#turn;
    [x, z] = [x * Math.cos(yaw) + z * Math.sin(yaw), z * Math.cos(yaw) - x * Math.sin(yaw)];
    [y, z] = [y * Math.cos(pitch) - z * Math.sin(pitch), z * Math.cos(pitch) + y * Math.sin(pitch)];
    const near = DEPTH / (DEPTH - z * 0.6);
    return [size.x + x * near * size.half, size.y - y * near * size.half, near];
  }

  #draw() {
    const {clientWidth, clientHeight} = this.#canvas;
    if (!clientWidth || !this.#film) return;
    const dots = devicePixelRatio || 1;
    const [width, height] = [Math.round(clientWidth * dots), Math.round(clientHeight * dots)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      [this.#canvas.width, this.#canvas.height] = [width, height];
    }
    const pen = this.#canvas.getContext('2d');
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, clientWidth, clientHeight);
    const style = getComputedStyle(this.#canvas);
    const inks = {
      bone: style.getPropertyValue('--bone'), joint: style.getPropertyValue('--joint'),
      trail: style.getPropertyValue('--trail'), words: style.getPropertyValue('--words'),
    };
    const half = Math.min(clientWidth, clientHeight) * 0.45;
    const size = {x: clientWidth / 2, y: clientHeight / 2, half, width: clientWidth, height: clientHeight};
    if (this.#film.dimensions < 2) return this.#drawNumbers(pen, inks, size);
    this.#drawTrails(pen, inks, size);
    this.#drawBody(pen, inks, size);
  }

  #drawTrails(pen, inks, size) {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const first = Math.max(0, this.#frame - TRAIL);
    const count = this.#film.nodes.length;
    const every = Math.max(1, Math.ceil(count / 40));
    pen.strokeStyle = inks.trail;
    pen.lineCap = 'round';
    for (let node = 0; node < count; node += every) {
      let before = this.#placed(first, node, size);
      for (let frame = first + 1; frame <= this.#frame; frame += 1) {
        const now = this.#placed(frame, node, size);
        const far = before && now ? Math.hypot(now[0] - before[0], now[1] - before[1]) : 0;
        if (far > 0.8 && far < size.half / 3) {
          const age = (frame - first) / TRAIL;
          pen.globalAlpha = 0.45 * age * age;
          pen.lineWidth = 1 + 3 * age;
          line(pen, before, now);
        }
        before = now;
      }
    }
    pen.globalAlpha = 1;
  }

  #drawBody(pen, inks, size) {
    const {nodes, edges} = this.#film;
    const points = nodes.map((_, node) => this.#placed(this.#frame, node, size));
    const thin = nodes.length > 50 ? 0.55 : 1;
    const unit = Math.max(1, size.half / 90) * thin;
    pen.strokeStyle = inks.bone;
    pen.lineCap = 'round';
    for (const [one, other] of edges) {
      if (!points[one] || !points[other]) continue;
      pen.lineWidth = 1.5 * unit * ((points[one][2] + points[other][2]) / 2);
      line(pen, points[one], points[other]);
    }
    pen.fillStyle = inks.joint;
    for (const point of points) {
      if (!point) continue;
      pen.beginPath();
      pen.arc(point[0], point[1], 1.9 * unit * point[2] ** 2, 0, 7);
      pen.fill();
    }
    if (!points.some(Boolean)) {
      pen.fillStyle = inks.words;
      pen.font = '15px sans-serif';
      pen.textAlign = 'center';
      pen.fillText('out of sight', size.x, size.y);
    }
  }

  /** Without coordinates: each landmark's number as a bar about the middle. */
  #drawNumbers(pen, inks, size) {
    const {nodes} = this.#film;
    const step = (size.width - 20) / nodes.length;
    pen.fillStyle = inks.joint;
    nodes.forEach((_, node) => {
      const value = this.#film.point(this.#frame, node)?.[0] ?? 0;
      pen.fillRect(10 + node * step, size.y, Math.max(1, step * 0.7), -value * size.half);
    });
  }
}

/** How a film fills the picture: what nearly all of its landmarks lie within. */
function boxOf(film) {
  const axes = Math.max(2, film.dimensions);
  const low = Array(axes).fill(Infinity);
  const high = Array(axes).fill(-Infinity);
  const every = Math.max(1, Math.floor(film.frames / 300));
  for (let frame = 0; frame < film.frames; frame += every) {
    for (let node = 0; node < film.nodes.length; node += 1) {
      const point = film.point(frame, node);
      if (!point) continue;
      point.forEach((value, axis) => {
        low[axis] = Math.min(low[axis], Math.max(-1.02, value));
        high[axis] = Math.max(high[axis], Math.min(1.02, value));
      });
    }
  }
  const middle = low.map((value, axis) => (Number.isFinite(value) ? (value + high[axis]) / 2 : 0));
  const half = Math.max(...low.slice(0, 2).map((value, axis) => (high[axis] - value) / 2), 0.01);
  return {middle, scale: Number.isFinite(half) ? 1 / half : 1};
}

function line(pen, from, to) {
  pen.beginPath();
  pen.moveTo(from[0], from[1]);
  pen.lineTo(to[0], to[1]);
  pen.stroke();
}
