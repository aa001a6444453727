/** What sounds at a moment, and where it stands in the score. */

/**
 * The notes that sound at a moment.
 * @param {{start: number, end: number}[]} notes in the order of their starts
 */
export function soundingAt(notes, seconds) {
  const found = [];
  for (let i = after(notes, seconds) - 1; i >= 0 && seconds - notes[i].start < 60; i--) {
    if (notes[i].end > seconds) found.push(notes[i]);
  }
  return found;
}

/** How many begin at or before a moment. */
function after(notes, seconds) {
  let [low, high] = [0, notes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (notes[middle].start <= seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The way of the line through the score: points in time, those of one bar in a row.
 * @param {object} timeline
 * @param {{bars: Map, notes: Map}} places see `placed`
 * @returns {{time: number, end: number, x: number, to: number, top: number, height: number}[]}
 */
export function track(timeline, places) {
  const steps = [];
  let next = 0;
  for (const bar of timeline.bars) {
    const box = places.bars.get(bar.number);
    const points = [];
    while (next < timeline.notes.length && timeline.notes[next].start < bar.end - 1e-6) {
      const note = timeline.notes[next++];
      const head = places.notes.get(note.id);
      const isNew = !points.length || note.start > points.at(-1).time + 1e-6;
      if (head && isNew) points.push({time: note.start, x: head.left + head.width / 2});
    }
    if (!box) continue;
    const {top, height} = box.staff;
    const room = height * 0.12;
    const margin = bar.number === 1 ? 0 : box.width * 0.04;
    if (!points.length || points[0].time > bar.start + 1e-6) {
      const before = points[0]?.x ?? box.left + box.width;
      points.unshift({time: bar.start, x: Math.min(box.left + margin, before)});
    }
    points.push({time: bar.end, x: box.left + box.width});
    for (let i = 0; i + 1 < points.length; i++) {
      steps.push({
        time: points[i].time, end: points[i + 1].time, x: points[i].x, to: points[i + 1].x,
        top: top - room, height: height + 2 * room,
      });
    }
  }
  return steps;
}

/** Where the line is at a moment: {x, top, height} in hundredths, or null outside of the music. */
export function whereAt(steps, seconds) {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle].time <= seconds) low = middle + 1;
    else high = middle;
  }
  const step = steps[low - 1];
  if (!step) return null;
  const share = Math.min(1, (seconds - step.time) / Math.max(step.end - step.time, 1e-6));
  return {x: step.x + share * (step.to - step.x), top: step.top, height: step.height};
}

/** The notes of a bar in words, voice by voice, for those who do not see the score. */
export function notesOf({notes, bars, voices}, number) {
  const {start, end} = bars.find((bar) => bar.number === number) ?? {};
  const own = notes.filter((note) => note.bar === number && note.start >= start - 1e-6 && note.start < end);
  const lines = (voices ?? [{name: ''}]).map((voice, place) => {
    const names = own.filter((note) => note.voice === place).map((note) => note.name ?? note.pitch);
    return names.length && voices?.length > 1 ? `${voice.name} ${names.join(', ')}` : names.join(', ');
  });
  return lines.filter(Boolean).join('; ') || 'no note begins';
}
