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
  const found = new Map<ScoreInput, Observation>();
  for (const input of scoreInputs) {
    const { maxAgeMs, codes } = origins[input];
    let best: Observation | undefined;
    for (const code of codes) {
      const observation = newest(code);
      if (observation && at - observation.at <= maxAgeMs && observation.at > (best?.at ?? -Infinity))
        best = observation;
    }
    if (best) found.set(input, best);
  }
  leaveWhatIsOver(found);
  return Object.fromEntries([...found].map(([input, { value }]) => [input, value]));
}

/** Inputs that say whether the patient breathes oxygen, the last two also how much. */
export const oxygenInputs = ['onOxygen', 'fio2', 'oxygenFlow'] as const;

/** Of oxygen counts what was said last: an earlier word that contradicts it is over, and so is an earlier amount. */
function leaveWhatIsOver(found: Map<ScoreInput, Observation>): void {
  const at = (input: ScoreInput): number => found.get(input)?.at ?? -Infinity;
  const said = oxygenInputs.flatMap((input) => {
    const observation = found.get(input);
    return observation ? [{ input, at: observation.at, oxygen: breathesOxygen({ [input]: observation.value }) }] : [];
  });
  const newestAt = Math.max(...said.map((word) => word.at));
  const last = said.filter((word) => word.at === newestAt);
  for (const { input, oxygen } of said) {
    if (!last.some((word) => word.input === input || word.oxygen === oxygen)) found.delete(input);
  }
  if (at('fio2') < at('oxygenFlow')) found.delete('fio2');
  else if (at('oxygenFlow') < at('fio2')) found.delete('oxygenFlow');
}

const roomAirPercent = 21;

/** Whether the patient breathes supplemental oxygen; undefined when nothing says so. */
export function breathesOxygen({ onOxygen, fio2, oxygenFlow }: ScoreInputs): boolean | undefined {
  if ((fio2 ?? 0) > roomAirPercent || (oxygenFlow ?? 0) > 0) return true;
  if (onOxygen !== undefined) return onOxygen !== 0;
  return fio2 === undefined && oxygenFlow === undefined ? undefined : false;
}

export const isAlert = (acvpu: number): boolean => acvpuLevels[acvpu] === 'A';
