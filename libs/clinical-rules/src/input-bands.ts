import { agesApart, bedsidePews, scoreBedsidePews } from './bedside-pews.js';
import { observedCodes, origins, oxygenInputs, type ScoreInput, scoreInputs } from './inputs.js';
import { scoreNews2, type Spo2Scale } from './news2.js';
import type { Observations } from './observations.js';

/** Values devices measure, as steps: scores round them to such a step first. */
const steps: Readonly<Partial<Record<ScoreInput, { readonly perUnit: number; readonly most: number }>>> = {
  respiratoryRate: { perUnit: 1, most: 120 },
  spo2: { perUnit: 1, most: 100 },
  systolic: { perUnit: 1, most: 320 },
  heartRate: { perUnit: 1, most: 350 },
  temperature: { perUnit: 10, most: 460 },
};

interface Origin {
  readonly maxAgeMs: number;
  /** Places in `observedCodes`. */
  readonly places: readonly number[];
  readonly perUnit: number;
  /** By step the number of its band. Absent: each value is a band of its own. */
  readonly bands: readonly number[] | undefined;
}

/** What an input counts for whatever else is known: values of equal findings are of one band. */
type Findings = (input: ScoreInput, value: number) => string;

/**
 * Tells what is known of a patient apart as far as one score does: while no band changes, neither does the score. To look
 * costs a small part of what scoring does.
 */
export class InputBands {
  static readonly #made = new Map<string, InputBands>();

  /** @param profile of the score the patient had last */
  static of(profile: string, spo2Scale: Spo2Scale): InputBands {
    const key = `${profile} ${spo2Scale}`;
    let bands = this.#made.get(key);
    if (!bands) this.#made.set(key, (bands = new InputBands(findingsOf(profile, spo2Scale))));
    return bands;
  }

  readonly #origins: readonly Origin[];

  private constructor(findings: Findings) {
    this.#origins = scoreInputs.map((input) => {
      const { maxAgeMs, codes } = origins[input];
      const step = steps[input];
      return {
        maxAgeMs,
        places: codes.map((code) => observedCodes.indexOf(code)),
        perUnit: step?.perUnit ?? 1,
        bands: step && bandsOf(step.most, (at) => findings(input, at / step.perUnit)),
      };
    });
  }

  /**
   * Brings `bands` up to what is known at that moment, milliseconds since 1970.
   * @param bands empty at first
   * @returns whether any differs from what was there
   */
  refresh(bands: number[], observations: Observations, at: number): boolean {
    const order = orderOfOxygen(observations);
    let differs = bands[this.#origins.length] !== order;
    bands[this.#origins.length] = order;
    for (let i = 0; i < this.#origins.length; i++) {
      const origin = this.#origins[i];
      const band = origin ? bandAt(origin, observations, at) : unknown;
      if (bands[i] === band) continue;
      bands[i] = band;
      differs = true;
    }
    return differs;
  }
}

const unknown = -1;
const [onOxygen = 0, fio2 = 0, oxygenFlow = 0] = oxygenInputs.map((input) => observedCodes.indexOf(input));

/** In which order they were said: that decides what they count for. */
function orderOfOxygen(observations: Observations): number {
  const after = (one: number, other: number): number =>
    1 + Math.sign(observations.timeOf(one) - observations.timeOf(other) || 0);
  return after(onOxygen, fio2) * 9 + after(onOxygen, oxygenFlow) * 3 + after(fio2, oxygenFlow);
}

function bandAt({ maxAgeMs, places, perUnit, bands }: Origin, observations: Observations, at: number): number {
  let newest = -Infinity;
  let value = NaN;
  for (const place of places) {
    const time = observations.timeOf(place);
    const candidate = observations.valueOf(place);
    if (time <= newest || at - time > maxAgeMs || Number.isNaN(candidate)) continue;
    newest = time;
    value = candidate;
  }
  if (Number.isNaN(value)) return unknown;
  return bands ? (bands[Math.round(value * perUnit)] ?? value) : value;
}

function bandsOf(most: number, findingsAt: (step: number) => string): number[] {
  const numbers = new Map<string, number>();
  return Array.from({ length: most + 1 }, (_, step) => {
    const findings = findingsAt(step);
    const number = numbers.get(findings) ?? numbers.size;
    numbers.set(findings, number);
    return number;
  });
}

function findingsOf(profile: string, spo2Scale: Spo2Scale): Findings {
  const scores =
    profile === bedsidePews.id
      ? (input: ScoreInput, value: number) =>
          agesApart.map((age) => scoreBedsidePews({ [input]: value }, { ageMonths: { from: age, until: age } }))
      : (input: ScoreInput, value: number) =>
          [0, 1].map((onOxygen) => scoreNews2({ onOxygen, [input]: value }, { spo2Scale }));
  return (input, value) => JSON.stringify(scores(input, value).map(({ points }) => points));
}
