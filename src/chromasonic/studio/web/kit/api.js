/** Talking with the studio: JSON, files, and jobs that take their time. */

const PATIENCE = 20_000; // milliseconds without an answer until a job is given up
const GONE = 'The studio stopped answering. Is it still running?';

/** A refusal by the studio; its message is meant for the user. Without a `status` there was no answer. */
export class StudioError extends Error {}

/**
 * GET or another method; JSON in, JSON out.
 * @param {string} path
 * @param {RequestInit} [options]
 */
export async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {credentials: 'same-origin', ...options});
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new StudioError('The studio does not answer. Is it still running?');
  }
  const type = answer.headers.get('content-type') ?? '';
  const body = type.includes('json') ? await answer.json() : await answer.text();
  if (!answer.ok) throw Object.assign(new StudioError(wordsOf(body, answer.status)), {status: answer.status});
  return body;
}

/** Send JSON. */
export function post(path, body = {}, method = 'POST') {
  return call(path, {
    method,
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body),
  });
}

/**
 * Send a file as it is; its name travels in the address. One that is too large is not sent.
 * @param {string} path
 * @param {File} file
 * @param {string} [kind] the only kind that is wanted: a refusal speaks of it
 */
export async function upload(path, file, kind = '') {
  const most = Number(document.body.dataset.mostBytes) || Infinity;
  if (file.size > most) {
    throw new StudioError(`${file.name} is larger than ${most / 1e6} MB, the most that the studio takes.`);
  }
  const address = `${path}?${new URLSearchParams({name: file.name, ...(kind && {for: kind})})}`;
  if (!file.size) throw new StudioError(`${file.name} is empty.`);
  return call(address, {
    method: 'POST',
    headers: {'Content-Type': 'application/octet-stream'},
    body: file,
  });
}

/**
 * Follow a job to its end and give its result.
 * @param {{id: string}} job as the studio told it
 * @param {{onProgress?: (job: object) => void, signal?: AbortSignal}} [options] aborting cancels it
 */
export function runJob(job, {onProgress, signal} = {}) {
  return new Promise((resolve, reject) => {
    const events = new EventSource(`/api/jobs/${job.id}/events`);
    let last = job;
    let silence = 0;
    const end = (settle, value) => {
      clearTimeout(silence);
      events.close();
      settle(value);
    };
    signal?.addEventListener('abort', () => {
      post(`/api/jobs/${job.id}/cancel`).catch(() => {});
      end(reject, new DOMException('Cancelled', 'AbortError'));
    });
    events.onmessage = ({data}) => {
      const now = JSON.parse(data);
      clearTimeout(silence);
      silence = 0;
      last = now;
      onProgress?.(now);
      if (now.state === 'done') end(resolve, now.result);
      if (now.state === 'failed') end(reject, new StudioError(now.error));
      if (now.state === 'cancelled') end(reject, new DOMException('Cancelled', 'AbortError'));
    };
    events.onerror = async () => {
      if (events.readyState === EventSource.CLOSED) return end(reject, await whyClosed(job));
      // The browser tries again by itself.
      onProgress?.({...last, state: 'running', message: 'The studio does not answer; trying again'});
      silence ||= setTimeout(() => end(reject, new StudioError(GONE)), PATIENCE);
    };
  });
}

/** Why a job cannot be followed any more: a studio that was started anew does not know it. */
async function whyClosed({id}) {
  try {
    await call(`/api/jobs/${id}`);
    return new StudioError(GONE);
  } catch (error) {
    return error;
  }
}

function wordsOf(body, status) {
  if (typeof body === 'object' && body !== null) {
    if (typeof body.error === 'string') return body.error;
    if (Array.isArray(body.detail)) {
      return body.detail.map((one) => `${one.loc.slice(1).join(' ')}: ${one.msg}`).join('; ');
    }
  }
  return `The studio refused this (${status}).`;
}
