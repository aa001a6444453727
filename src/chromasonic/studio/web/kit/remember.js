/** What a reload must not lose: form values, the piece that is shown, the job that runs. */
import {call, runJob} from './api.js';

/**
 * Keep a form's values from visit to visit; call it after the form's choices are filled.
 * @param {HTMLFormElement} form
 * @param {string} key
 * @param {{except?: string[]}} [options] names of fields that start anew each time
 */
export function remember(form, key, {except = []} = {}) {
  const store = `chromasonic-form-${key}`;
  const kept = read(store) ?? {};
  for (const field of form.elements) {
    if (!field.name || except.includes(field.name) || !(field.name in kept) || field.type === 'file') continue;
    const value = kept[field.name];
    if (field.type === 'checkbox') field.checked = value === true;
    else if (field.type === 'radio') field.checked = field.value === value;
    else if (field instanceof HTMLSelectElement) {
      if ([...field.options].some((option) => option.value === value)) field.value = value;
    } else field.value = value;
    field.dispatchEvent(new Event('input', {bubbles: true}));
  }
  const save = () => {
    const values = {};
    for (const field of form.elements) {
      if (!field.name || except.includes(field.name) || field.type === 'file') continue;
      if (field.type === 'checkbox') values[field.name] = field.checked;
      else if (field.type !== 'radio') values[field.name] = field.value;
      else if (field.checked) values[field.name] = field.value;
    }
    write(store, values);
  };
  form.addEventListener('input', save);
  form.addEventListener('change', save);
}

/** The values of the page's address (`?piece=...`). */
export function address() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/**
 * Put values into the page's address, so that a reload or a bookmark shows the same.
 * @param {Record<string, string | null>} values null takes one away
 * @param {{push?: boolean}} [options] push: the Back button returns to what was before
 */
export function inAddress(values, {push = false} = {}) {
  const all = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') all.delete(name);
    else all.set(name, value);
  }
  const text = String(all) ? `?${all}` : location.pathname;
  if (text === location.search) return;
  history[push ? 'pushState' : 'replaceState'](null, '', text);
}

/**
 * Follow a job under a key, so that `resumeJob` finds it after a reload; once its result stands
 * in the address or is shown, tell `jobTaken`.
 * @param {string} key
 * @param {{id: string}} job as the studio told it
 * @param {object} [watching] see `runJob`
 */
export function keptJob(key, job, watching) {
  const forget = () => jobTaken(key, job);
  sessionStorage.setItem(`chromasonic-job-${key}`, job.id);
  watching?.signal?.addEventListener('abort', forget);
  // Only what the studio itself says is over is forgotten: a page that is left is not. What is
  // done is kept until it is taken, or a reload between the two would lose it.
  return runJob(job, {...watching, onProgress: (now) => {
    if (['failed', 'cancelled'].includes(now.state)) forget();
    watching?.onProgress?.(now);
  }});
}

/** The result of a job that `keptJob` followed is where a reload finds it: its key is free. */
export function jobTaken(key, job) {
  const store = `chromasonic-job-${key}`;
  if (sessionStorage.getItem(store) === job.id) sessionStorage.removeItem(store);
}

/**
 * The job that ran under a key when the page was left, to be given to `keptJob`; or null.
 * @param {string} key
 */
export async function resumeJob(key) {
  const id = sessionStorage.getItem(`chromasonic-job-${key}`);
  if (!id) return null;
  try {
    const job = await call(`/api/jobs/${id}`);
    if (job.state === 'done') jobTaken(key, job); // one that cannot be shown is tried once
    return job;
  } catch {
    jobTaken(key, {id});
    return null;
  }
}

/** A value kept in this browser, or null. */
export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Keep a value in this browser. */
export function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch { /* a browser that keeps nothing still works */ }
}
