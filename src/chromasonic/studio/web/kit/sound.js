/** The sound of a piece: rendered by the studio when it is first asked for. */
import {post, runJob} from './api.js';

/**
 * The voices of a piece for `Player.load`.
 * @param {string} piece its id
 * @param {{program?: number, onProgress?: Function, signal?: AbortSignal}} [options]
 *   program: a General MIDI instrument for all voices.
 * @returns {Promise<{url: string, name: string, pan: number}[]>}
 */
export async function voicesOf(piece, {program, ...watching} = {}) {
  const {files, voices} = await rendered(piece, {form: 'voices', program: program ?? null}, watching);
  return files.map((file, i) => ({url: `/api/pieces/${piece}/${file}`, ...voices[i]}));
}

/**
 * The address of a piece's sound as one file, made now if it is not there yet.
 * @param {string} piece its id
 * @param {'mp3' | 'wav'} form
 */
export async function soundFile(piece, form, {program, ...watching} = {}) {
  const {files} = await rendered(piece, {form, program: program ?? null}, watching);
  return `/api/pieces/${piece}/${files[0]}?download=1`;
}

async function rendered(piece, wish, watching) {
  return runJob(await post(`/api/pieces/${piece}/sound`, wish), watching);
}
