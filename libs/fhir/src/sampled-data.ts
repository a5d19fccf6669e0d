import type { JsonObject } from './json-object.js';
import { objectAt, textAt } from './resources.js';

/** Samples without a gap. A value is `origin + scale × sample`, in the unit of the data. */
export interface SampledRun {
  /** Milliseconds after the first sample of the data. */
  readonly offsetMs: number;
  readonly samples: readonly number[];
}

export interface SampledData {
  readonly periodMs: number;
  readonly scale: number;
  readonly origin: number;
  /** UCUM, of the values; undefined when none is stated. */
  readonly unit: string | undefined;
  readonly runs: readonly SampledRun[];
}

const ucum = 'http://unitsofmeasure.org';
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** No value, or one beyond what could be measured: there is a gap. */
const gaps: ReadonlySet<string> = new Set(['E', 'U', 'L']);

/** What a SampledData (R4) says; undefined when it is none of one dimension. */
export function readSampledData(data: JsonObject): SampledData | undefined {
  const { period, factor = 1, dimensions } = data;
  const quantity = objectAt(data, 'origin');
  const { value: origin, system = ucum } = quantity;
  if (dimensions !== 1 || system !== ucum) return undefined;
  if (typeof period !== 'number' || period <= 0 || typeof factor !== 'number' || typeof origin !== 'number')
    return undefined;
  const runs = runsOf(textAt(data, 'data') ?? '', period);
  const unit = textAt(quantity, 'code') ?? textAt(quantity, 'unit');
  return runs && { periodMs: period, scale: factor, origin, unit, runs };
}

function runsOf(text: string, period: number): SampledRun[] | undefined {
  const runs: SampledRun[] = [];
  let samples: number[] = [];
  for (const [i, token] of text.trim().split(/\s+/).entries()) {
    if (gaps.has(token)) {
      samples = [];
      continue;
    }
    if (!decimal.test(token)) return undefined;
    if (samples.length === 0) runs.push({ offsetMs: i * period, samples });
    samples.push(Number(token));
  }
  return runs;
}
