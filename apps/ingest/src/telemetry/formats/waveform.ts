import { maxWaveformHz, maxWaveformSamples, maxWaveformSeconds, type RejectCode, waveformLeads } from '@hms/contracts';
import { bytesOf, type Waveform } from '../waveform.js';
import { isObject, type JsonObject } from './json-object.js';

const leads: ReadonlySet<unknown> = new Set(waveformLeads.map(({ code }) => code));
const members: ReadonlySet<string> = new Set(['lead', 'hz', 'scale', 'origin', 'b64']);
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Reads one waveform or a list of them, each of another lead, or says why they are none. */
export function readWaveforms(value: unknown): readonly Waveform[] | RejectCode {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0) return 'empty';
  const waveforms: Waveform[] = [];
  for (const item of items) {
    const waveform = isObject(item) ? readWaveform(item) : 'malformed';
    if (typeof waveform === 'string') return waveform;
    if (waveforms.some(({ lead }) => lead === waveform.lead)) return 'malformed';
    waveforms.push(waveform);
  }
  return waveforms;
}

function readWaveform(item: JsonObject): Waveform | RejectCode {
  const { lead, hz, scale = 1, origin = 0, b64 } = item;
  if (Object.keys(item).some((name) => !members.has(name))) return 'unknown_field';
  if (typeof lead !== 'string' || !leads.has(lead)) return 'unknown_field';
  if (typeof hz !== 'number' || typeof scale !== 'number' || typeof origin !== 'number') return 'not_a_number';
  if (!isSamples(b64)) return 'malformed';
  const waveform = { lead, hz, scale, origin, samples: b64 };
  return isStorable(waveform) ? waveform : 'out_of_range';
}

const isSamples = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length % 4 === 0 &&
  base64.test(value) &&
  Buffer.byteLength(value, 'base64') % 2 === 0;

function isStorable(waveform: Waveform): boolean {
  const { hz, scale, origin } = waveform;
  const count = bytesOf(waveform) / 2;
  const fits = count <= Math.min(maxWaveformSamples, hz * maxWaveformSeconds);
  return fits && isRate(hz) && isSingle(scale) && scale !== 0 && isSingle(origin);
}

const isRate = (hz: number): boolean => Number.isInteger(hz) && hz >= 1 && hz <= maxWaveformHz;

/** Whether a 4-byte float holds it. */
const isSingle = (value: number): boolean =>
  Number.isFinite(Math.fround(value)) && (value === 0) === (Math.fround(value) === 0);
