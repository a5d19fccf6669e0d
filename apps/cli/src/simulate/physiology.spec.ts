import { vitalSigns, type VitalSign } from '@hms/contracts';
import { courses, type Course } from './courses.js';
import { SimulatedPatient, type PatientProfile, type Reading } from './physiology.js';

const start = Date.UTC(2026, 0, 5, 9);
const second = 1_000;
const minute = 60 * second;

const profile = (over: Partial<PatientProfile> = {}): PatientProfile => ({
  ageYears: 54,
  course: 'stable',
  utcOffsetMinutes: 0,
  cycleMinutes: 40,
  pressureEveryMinutes: 5,
  artefacts: true,
  ...over,
});

const record = (patient: SimulatedPatient, from: number, every: number, count: number): Reading[] =>
  Array.from({ length: count }, (_, i) => patient.read(from + i * every));

const mean = (readings: readonly Reading[], key: 'hr' | 'rr' | 'spo2' | 'sys' | 'temp'): number => {
  const values = readings.flatMap((r) => (typeof r[key] === 'number' ? [r[key]] : []));
  return values.reduce((sum, x) => sum + x, 0) / values.length;
};

const signs: ReadonlyMap<string, VitalSign> = new Map(vitalSigns.map((sign) => [sign.wire, sign]));

/** What the limits of `vitalSigns` say against a reading. */
function faultsOf(reading: Reading): string[] {
  const faults = Object.keys(reading).length === 0 ? ['empty'] : [];
  for (const [key, value] of Object.entries(reading)) {
    const { min = -Infinity, max = Infinity } = signs.get(key) ?? { min: Infinity };
    if (typeof value === 'number' && !(value >= min && value <= max)) faults.push(`${key} ${String(value)}`);
  }
  if (Number(reading.sys) <= Number(reading.dia)) faults.push('systolic not above diastolic');
  return faults;
}

/** Readings of one whole cycle, those when well and those when at the worst. */
function cycleOf(course: Course, ageYears = 54): { well: Reading[]; worst: Reading[] } {
  const patient = new SimulatedPatient(profile({ course, ageYears, artefacts: false, pressureEveryMinutes: 1 }), 'ill');
  const well: Reading[] = [];
  const worst: Reading[] = [];
  for (let at = start; at < start + 40 * minute; at += 10 * second) {
    const reading = patient.read(at);
    if (patient.severity(at) < 0.01) well.push(reading);
    if (patient.severity(at) > 0.7) worst.push(reading);
  }
  return { well, worst };
}

describe('a simulated patient', () => {
  it('repeats the same readings for the same name, and others for another', () => {
    const of = (name: string): Reading[] => record(new SimulatedPatient(profile(), name), start, 2 * second, 500);
    expect(of('1')).toEqual(of('1'));
    expect(of('1')).not.toEqual(of('2'));
  });

  it.each([0.1, 1, 4, 9, 16, 40, 67, 95])('never reports what ingest would refuse, aged %d', (ageYears) => {
    const refused: string[] = [];
    for (const course of courses) {
      const patient = new SimulatedPatient(profile({ ageYears, course }), `${course} ${String(ageYears)}`);
      for (const reading of record(patient, start, 5 * second, 3_000)) refused.push(...faultsOf(reading));
    }
    expect(refused).toEqual([]);
  });

  it('is close to the resting values of its age when stable', () => {
    const infant = record(new SimulatedPatient(profile({ ageYears: 0.5 }), 'infant'), start, 5 * second, 2_000);
    const adult = record(new SimulatedPatient(profile({ ageYears: 45 }), 'adult'), start, 5 * second, 2_000);
    expect(mean(infant, 'hr')).toBeGreaterThan(105);
    expect(mean(infant, 'rr')).toBeGreaterThan(28);
    expect(mean(adult, 'hr')).toBeGreaterThan(60);
    expect(mean(adult, 'hr')).toBeLessThan(90);
    expect(mean(adult, 'spo2')).toBeGreaterThan(95);
    expect(mean(adult, 'sys')).toBeGreaterThan(100);
    expect(mean(adult, 'sys')).toBeLessThan(145);
  });

  it('measures blood pressure only every few minutes, the rest at every reading', () => {
    const readings = record(new SimulatedPatient(profile({ artefacts: false }), 'cuff'), start, 2 * second, 900);
    const pressures = readings.filter((r) => r.sys !== undefined).length;
    expect(pressures).toBeGreaterThanOrEqual(6);
    expect(pressures).toBeLessThanOrEqual(7);
    expect(readings.every((r) => r.hr !== undefined && r.spo2 !== undefined)).toBe(true);
  });

  it('loses electrodes or a probe now and then, never both at once', () => {
    const readings = record(new SimulatedPatient(profile(), 'restless'), start, 2 * second, 40_000);
    expect(readings.filter((r) => r.hr === undefined).length).toBeGreaterThan(0);
    expect(readings.filter((r) => r.spo2 === undefined).length).toBeGreaterThan(0);
    expect(readings.every((r) => r.hr !== undefined || r.spo2 !== undefined)).toBe(true);
  });

  it('starts with everything attached', () => {
    const first = Array.from({ length: 100 }, (_, i) => new SimulatedPatient(profile(), String(i)).read(start));
    const attached = first.filter((r) => r.hr !== undefined && r.spo2 !== undefined && r.sys !== undefined);
    expect(attached).toHaveLength(100);
    expect(Math.min(...first.map((r) => Number(r.spo2)))).toBeGreaterThan(92);
  });

  it('moves smoothly: one second changes little', () => {
    const readings = record(new SimulatedPatient(profile({ artefacts: false }), 'smooth'), start, second, 2_000);
    const jumps = readings.slice(1).map((r, i) => Math.abs(Number(r.hr) - Number(readings[i]?.hr)));
    expect(Math.max(...jumps)).toBeLessThanOrEqual(5);
  });

  it('is warmer and faster in the afternoon than at night', () => {
    const local = (hourOfDay: number): Reading[] =>
      record(
        new SimulatedPatient(profile({ artefacts: false }), 'day'),
        Date.UTC(2026, 0, 5, hourOfDay),
        10 * second,
        360,
      );
    expect(mean(local(16), 'temp') - mean(local(4), 'temp')).toBeGreaterThan(0.3);
    expect(mean(local(16), 'hr')).toBeGreaterThan(mean(local(4), 'hr'));
  });
});

describe('a deteriorating patient', () => {
  it('with sepsis has fever, a fast heart and breath, and low pressure', () => {
    const { well, worst } = cycleOf('sepsis');
    expect(mean(worst, 'temp')).toBeGreaterThan(38.2);
    expect(mean(worst, 'hr') / mean(well, 'hr')).toBeGreaterThan(1.3);
    expect(mean(worst, 'rr') / mean(well, 'rr')).toBeGreaterThan(1.4);
    expect(mean(worst, 'sys')).toBeLessThan(mean(well, 'sys') - 15);
  });

  it('with hypoxia loses oxygen, breathes fast and is given oxygen', () => {
    const { well, worst } = cycleOf('hypoxia');
    expect(mean(worst, 'spo2')).toBeLessThan(91);
    expect(mean(worst, 'rr') / mean(well, 'rr')).toBeGreaterThan(1.4);
    expect(worst.some((r) => r.o2 === true && Number(r.fio2) > 21)).toBe(true);
  });

  it('who bleeds has a fast heart and low pressure without fever', () => {
    const { well, worst } = cycleOf('bleeding');
    expect(mean(worst, 'hr') / mean(well, 'hr')).toBeGreaterThan(1.4);
    expect(mean(worst, 'sys') / mean(well, 'sys')).toBeLessThan(0.8);
    expect(mean(worst, 'temp')).toBeLessThan(mean(well, 'temp'));
  });

  it.each(['sepsis', 'hypoxia', 'bleeding'] as const)('recovers from %s and falls ill again', (course) => {
    const patient = new SimulatedPatient(profile({ course }), course);
    const hours = Array.from({ length: 240 }, (_, i) => patient.severity(start + i * 30 * second));
    let falls = 0;
    for (let i = 1; i < hours.length; i++) if (hours[i - 1]! >= 0.5 && hours[i]! < 0.5) falls++;
    expect(falls).toBeGreaterThanOrEqual(2);
    expect(Math.min(...hours)).toBeLessThan(0.01);
    expect(Math.max(...hours)).toBeGreaterThan(0.7);
  });
});
