import { acvpuLevels } from '@hms/contracts';

/** How hard a child works to breathe, as Bedside PEWS grades it; any apnoea is severe. */
export const respiratoryEfforts = ['normal', 'mild', 'moderate', 'severe'] as const;

/**
 * What scores are made of, each a number as `vitalToNumber` has it: ACVPU as its place in `acvpuLevels`, the effort as its
 * place in {@link respiratoryEfforts}, booleans as 0 or 1. Units: /min, %, mm[Hg], Cel, s, L/min.
 */
export const scoreInputs = [
  'respiratoryRate',
  'spo2',
  'onOxygen',
  'fio2',
  'oxygenFlow',
  'systolic',
  'heartRate',
  'acvpu',
  'temperature',
  'capillaryRefill',
  'respiratoryEffort',
] as const;
export type ScoreInput = (typeof scoreInputs)[number];
export type ScoreInputs = Readonly<Partial<Record<ScoreInput, number>>>;

/** A value and when it was taken, milliseconds since 1970. */
export interface Observation {
  readonly value: number;
  readonly at: number;
}

/** The newest observation of a vital sign. */
export type NewestObservation = (code: string) => Observation | undefined;

const minuteMs = 60_000;
const monitored = 5 * minuteMs;
const charted = 60 * minuteMs;

/** How old an input may be (telemetry.md §2.8), and which vital signs may stand for it. */
export const origins: Readonly<Record<ScoreInput, { readonly maxAgeMs: number; readonly codes: readonly string[] }>> = {
  respiratoryRate: { maxAgeMs: monitored, codes: ['respiratoryRate'] },
  spo2: { maxAgeMs: monitored, codes: ['spo2'] },
  heartRate: { maxAgeMs: monitored, codes: ['heartRate', 'pulseRate'] },
  systolic: { maxAgeMs: charted, codes: ['systolic', 'arterialSystolic'] },
  onOxygen: { maxAgeMs: charted, codes: ['onOxygen'] },
  fio2: { maxAgeMs: charted, codes: ['fio2'] },
  oxygenFlow: { maxAgeMs: charted, codes: ['oxygenFlow'] },
  acvpu: { maxAgeMs: charted, codes: ['acvpu'] },
  temperature: { maxAgeMs: charted, codes: ['temperature'] },
  capillaryRefill: { maxAgeMs: charted, codes: ['capillaryRefill'] },
  respiratoryEffort: { maxAgeMs: charted, codes: ['respiratoryEffort'] },
};

/** The longest any input may have waited. */
export const oldestInputMs = charted;

/** Every vital sign a score may be made of. */
export const observedCodes: readonly string[] = scoreInputs.flatMap((input) => origins[input].codes);

/** What is known of a patient at that moment: the newest value of each input, unless it is too old by then. */
export function inputsAt(newest: NewestObservation, at: number): ScoreInputs {
  const inputs: Partial<Record<ScoreInput, number>> = {};
  for (const input of scoreInputs) {
    const { maxAgeMs, codes } = origins[input];
    let best: Observation | undefined;
    for (const code of codes) {
      const observation = newest(code);
      if (observation && at - observation.at <= maxAgeMs && observation.at > (best?.at ?? -Infinity))
        best = observation;
    }
    if (best) inputs[input] = best.value;
  }
  return inputs;
}

const roomAirPercent = 21;

/** Whether the patient breathes supplemental oxygen; undefined when nothing says so. */
export function breathesOxygen({ onOxygen, fio2, oxygenFlow }: ScoreInputs): boolean | undefined {
  if ((fio2 ?? 0) > roomAirPercent || (oxygenFlow ?? 0) > 0) return true;
  if (onOxygen !== undefined) return onOxygen !== 0;
  return fio2 === undefined && oxygenFlow === undefined ? undefined : false;
}

export const isAlert = (acvpu: number): boolean => acvpuLevels[acvpu] === 'A';
