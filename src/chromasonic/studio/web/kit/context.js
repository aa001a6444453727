/** The page's one way to the loudspeaker, opened when first needed: browsers want a gesture. */
import {StudioError} from './api.js';

let context = null;
let master = null;
const KEY = 'chromasonic-volume';
const PATIENCE_MS = 10_000; // until a loudspeaker that does not answer is none

/** The page's AudioContext; make sure to be in an event of the user's when it first plays. */
export function audioContext() {
  if (!context) {
    if (navigator.audioSession) navigator.audioSession.type = 'playback'; // heard though an iPhone is set to silent
    context = new AudioContext({latencyHint: 'interactive'});
    master = context.createGain();
    master.gain.value = volume() ** 2; // the ear hears loudness as a power
    master.connect(context.destination);
  }
  return context;
}

/** Open the way within an event of the user's, before work that takes its time: Safari wants that. */
export function wake() {
  audioContext().resume().catch(() => {});
}

/**
 * Wait until the way is open.
 * @throws {StudioError} where the browser gives no sound: it waits for ever where there is no loudspeaker
 */
export async function opened() {
  const {state} = audioContext();
  if (state === 'running') return;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  await Promise.race([context.resume().catch(() => {}), late]);
  if (context.state === 'running') return;
  throw new StudioError('This browser gives no sound. Is a loudspeaker or a headphone connected? Then press again.');
}

// A telephone call or a sleeping computer stops the sound; the next touch brings it back.
addEventListener('pointerup', () => context && context.state !== 'running' && wake());

/** What everything that sounds is connected to. */
export function output() {
  audioContext();
  return master;
}

/** How loud the page is, 0 to 1; kept from visit to visit. */
export function volume() {
  const kept = Number.parseFloat(localStorage.getItem(KEY) ?? '1');
  return Number.isFinite(kept) ? Math.min(1, Math.max(0, kept)) : 1;
}

/** Set how loud the page is. */
export function setVolume(value) {
  localStorage.setItem(KEY, String(value));
  if (master) master.gain.setTargetAtTime(value * value, context.currentTime, 0.02);
}

/** The moment, on the context's clock, that comes out of the loudspeaker now. */
export function heardNow() {
  const now = context.currentTime;
  const stamp = context.getOutputTimestamp?.();
  if (stamp?.contextTime > 0 && stamp.performanceTime > 0) {
    const heard = stamp.contextTime + (performance.now() - stamp.performanceTime) / 1000;
    if (heard <= now && heard > now - 0.5) return heard;
  }
  return now - (context.outputLatency || context.baseLatency || 0);
}
