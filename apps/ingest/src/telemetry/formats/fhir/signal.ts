import { maxWaveformSamples, maxWaveformSeconds, type RejectCode, waveformLeads } from '@hms/contracts';
import { type JsonObject, readSampledData, type SampledData } from '@hms/fhir';
import { readWaveforms } from '../waveform.js';

/** A chunk as JSON devices send it, and when it begins after the first sample. */
export interface SignalChunk {
  readonly offsetMs: number;
  readonly chunk: JsonObject;
}

const unitOfLead = new Map(waveformLeads.map(({ code, unit }) => [code, unit]));
/** By the unit a lead is stored in, what one of another unit is. */
const factors: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  mV: { mV: 1, uV: 0.001, V: 1_000 },
  'mm[Hg]': { 'mm[Hg]': 1, kPa: 7.50062 },
  Ohm: { Ohm: 1 },
  '1': { '1': 1, '': 1 },
};

const int16 = (value: number): boolean => Number.isInteger(value) && value >= -32_768 && value <= 32_767;

/** The chunks of a signal, each short enough to be stored; a gap ends one. What has no unit is taken of pleth only. */
export function chunksOfSignal(lead: string, sampled: JsonObject): readonly SignalChunk[] | RejectCode {
  const data = readSampledData(sampled);
  const factor = data && factors[unitOfLead.get(lead) ?? '']?.[data.unit ?? ''];
  if (data === undefined || factor === undefined) return 'malformed';
  const hz = rateOf(data);
  if (hz === undefined) return 'out_of_range';
  const scaled = { hz, scale: data.scale * factor, origin: data.origin * factor };
  const chunks: SignalChunk[] = [];
  const longest = Math.min(maxWaveformSamples, hz * maxWaveformSeconds);
  for (const { offsetMs, samples } of data.runs) {
    for (let from = 0; from < samples.length; from += longest) {
      const part = samples.slice(from, from + longest);
      if (!part.every(int16)) return 'out_of_range';
      const chunk = { lead, ...scaled, b64: Buffer.from(Int16Array.from(part).buffer).toString('base64') };
      const read = readWaveforms(chunk);
      if (typeof read === 'string') return read;
      chunks.push({ offsetMs: offsetMs + from * data.periodMs, chunk });
    }
  }
  return chunks;
}

/** Samples a second, which are whole; a period of them may be rounded. */
function rateOf({ periodMs }: SampledData): number | undefined {
  const hz = Math.round(1_000 / periodMs);
  return Math.abs(hz - 1_000 / periodMs) < hz / 10_000 ? hz : undefined;
}
