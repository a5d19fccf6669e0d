import { InputBands, Observations } from '@hms/clinical-rules';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { hospitalWith, patientOf, readingOf, submissionOf } from '../testing/telemetry-fakes.js';
import { committedValues } from '../telemetry/live/committed-values.js';
import type { PatientValues } from '../telemetry/live/newest-values.js';
import { ScoreMemory } from './score-memory.js';
import { observeReadings } from './score-observations.js';

const second = 1_000_000;
const hospital = hospitalWith(2);
const well = { heartRate: 70, spo2: 97, respiratoryRate: 16, temperature: 36.8 };

function readings(at: number, values: Readonly<Record<string, number>> = well, flags = 0): PatientValues {
  const { rows } = submissionOf(hospital, [{ ...readingOf(1, at, values), flags }]);
  const found = committedValues(rows, 0).fresh.byPatient.get(patientOf(1));
  if (!found) throw new Error('nobody wears the device');
  return found;
}

let now: number;
let memory: ScoreMemory;

/** As after an evaluation of these. */
function keep(values: PatientValues, more: { lookAgainAt?: number; mark?: string } = {}): void {
  const observations = new Observations();
  observeReadings(observations, values);
  const at = values.recordedAt;
  const bandsOf = InputBands.of('news2', 1);
  const bands: number[] = [];
  bandsOf.refresh(bands, observations, at / 1_000);
  const seen = { observations, at, bandsOf, bands, mark: '', lookAgainAt: Infinity, raised: false, ...more };
  memory.keep(hospital, hospital.epoch, { patient: patientOf(1), ...seen });
}

beforeEach(() => {
  now = 0;
  memory = new ScoreMemory(() => now);
});

describe('a patient', () => {
  it('is scored when nothing is known, and not again while values stay in their bands', () => {
    expect(memory.isDue(hospital, readings(0))).toBe(true);
    keep(readings(0));
    expect(memory.isDue(hospital, readings(second, { ...well, heartRate: 90 }))).toBe(false);
    expect(memory.isDue(hospital, readings(2 * second, { ...well, heartRate: 91 }))).toBe(true);
  });

  it('is scored when a value is missed for too long', () => {
    keep(readings(0));
    const without = { heartRate: 70, spo2: 97 };
    expect(memory.isDue(hospital, readings(300 * second, without))).toBe(false);
    expect(memory.isDue(hospital, readings(301 * second, without))).toBe(true);
  });

  it('is scored when time alone may end an alarm', () => {
    keep(readings(0), { lookAgainAt: 30 * second });
    expect(memory.isDue(hospital, readings(29 * second))).toBe(false);
    expect(memory.isDue(hospital, readings(30 * second))).toBe(true);
  });

  it('is scored when a value is not to be believed any more, and once while it stays so', () => {
    keep(readings(0));
    expect(memory.isDue(hospital, readings(second, { ...well, spo2: 40 }, 8))).toBe(true);
    keep(readings(second, { ...well, spo2: 40 }, 8));
    expect(memory.isDue(hospital, readings(2 * second, { ...well, spo2: 45 }, 8))).toBe(false);
  });

  it('is read anew after a while', () => {
    keep(readings(0));
    now = 15 * 60_000 + 1;
    expect(memory.isDue(hospital, readings(second))).toBe(true);
  });
});

describe('what another process saw', () => {
  it('is believed, and looked at when readings came here meanwhile', () => {
    keep(readings(0), { mark: 'this' });
    expect(memory.isContradicted(patientOf(1), 'this')).toBe(false);
    expect(memory.isDue(hospital, readings(second))).toBe(false);
    expect(memory.isContradicted(patientOf(1), 'that')).toBe(true);
    expect(memory.isDue(hospital, readings(2 * second))).toBe(true);
  });

  it('waits for the next reading where none came here for a while', () => {
    keep(readings(0), { mark: 'this' });
    now = 15_000;
    expect(memory.isContradicted(patientOf(1), 'that')).toBe(false);
    expect(memory.isDue(hospital, readings(second))).toBe(true);
  });
});
