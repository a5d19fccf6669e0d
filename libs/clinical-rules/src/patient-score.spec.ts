import { describe, expect, it } from '@jest/globals';
import { ageRangeAt } from './age.js';
import type { Observation } from './inputs.js';
import { scorePatient, type Scoring } from './patient-score.js';
import { scoreQsofa } from './qsofa.js';

const now = Date.parse('2026-06-15T12:00:00Z');
const minutes = (count: number): number => count * 60_000;
const adult: Scoring = {
  setting: 'by-age',
  spo2Scale: 1,
  birth: { date: '1960-01-01', precision: 'day' },
};
const normal = { respiratoryRate: 16, spo2: 97, onOxygen: 0, systolic: 120, heartRate: 70, acvpu: 0, temperature: 37 };

const taken = (ageMs: Readonly<Record<string, number>> = {}, more: Readonly<Record<string, Observation>> = {}) => {
  const all: Record<string, Observation> = { ...more };
  for (const [code, value] of Object.entries(normal)) all[code] ??= { value, at: now - (ageMs[code] ?? 0) };
  return (code: string): Observation | undefined => all[code];
};
const scoreOf = (scoring: Partial<Scoring>, newest = taken()) =>
  scorePatient({ ...adult, ...scoring }, newest, now)?.score;

describe('the score of a patient', () => {
  it.each([
    ['2010-06-15', 'day', 'news2', true],
    ['2010-06-16', 'day', 'bedside-pews', true],
    ['2010-01-01', 'year', 'news2', false],
    ['2009-01-01', 'year', 'news2', true],
    ['2011-01-01', 'year', 'bedside-pews', true],
    ['2010-06-01', 'month', 'news2', false],
    ['2010-05-01', 'month', 'news2', true],
  ] as const)('born %s, known to the %s, is %s', (date, precision, profile, ageIsKnown) => {
    const score = scoreOf({ birth: { date, precision } });
    expect(score?.profile).toBe(profile);
    expect(score?.missing.includes('birthDate')).toBe(!ageIsKnown);
  });

  it('of an unknown age is an incomplete NEWS2, which alarms like any', () => {
    const newest = taken({}, { respiratoryRate: { value: 30, at: now }, heartRate: { value: 140, at: now } });
    expect(scoreOf({ birth: undefined })).toMatchObject({ profile: 'news2', total: null, missing: ['birthDate'] });
    expect(scoreOf({ birth: undefined }, newest)).toMatchObject({ partial: 6, alarm: 'medium' });
    expect(scoreOf({ birth: undefined, setting: 'news2' })).toMatchObject({ total: 0 });
  });

  it('is what a clinician chose, or none', () => {
    expect(scoreOf({ setting: 'off' })).toBeUndefined();
    expect(scoreOf({ setting: 'bedside-pews' })?.profile).toBe('bedside-pews');
    expect(scoreOf({ spo2Scale: 2 }, taken({}, { spo2: { value: 88, at: now } }))?.total).toBe(0);
  });

  it.each([
    ['respiratoryRate', 5],
    ['spo2', 5],
    ['heartRate', 5],
    ['systolic', 60],
    ['temperature', 60],
    ['acvpu', 60],
    ['onOxygen', 60],
  ])('uses %s for %d minutes', (code, limit) => {
    expect(scoreOf({}, taken({ [code]: minutes(limit) }))?.missing).toEqual([]);
    expect(scoreOf({}, taken({ [code]: minutes(limit) + 1 }))?.missing).toEqual([code]);
  });

  it('takes the pulse and the arterial pressure where they are newer', () => {
    const newest = taken(
      { heartRate: 2_000, systolic: 2_000 },
      { pulseRate: { value: 131, at: now }, arterialSystolic: { value: 90, at: now } },
    );
    expect(scoreOf({}, newest)?.points).toMatchObject({ pulse: 3, systolic: 3 });
    expect(scoreOf({}, taken({}, { pulseRate: { value: 131, at: now - 1 } }))?.total).toBe(0);
  });

  it.each<readonly [string, Readonly<Record<string, readonly [value: number, ageMs: number]>>, number]>([
    ['room air, said after 40 %', { fio2: [40, minutes(50)], onOxygen: [0, 0] }, 0],
    ['40 %, said after room air', { fio2: [40, 0], onOxygen: [0, minutes(50)] }, 2],
    ['oxygen, said after 21 %', { fio2: [21, minutes(1)], onOxygen: [1, 0] }, 2],
    ['no flow, said after oxygen', { onOxygen: [1, minutes(1)], oxygenFlow: [0, 0] }, 0],
    ['both at once, of which the worse counts', { onOxygen: [0, 0], fio2: [40, 0] }, 2],
  ])('believes what was said last of oxygen: %s', (_, said, points) => {
    const observed = Object.entries(said).map(([code, [value, ageMs]]) => [code, { value, at: now - ageMs }] as const);
    const newest = taken({ onOxygen: minutes(61) }, Object.fromEntries(observed));
    expect(scoreOf({}, newest)).toMatchObject({ total: points, points: { oxygen: points } });
  });

  it('takes the newest amount of oxygen, not the highest', () => {
    const newest = taken({}, { fio2: { value: 60, at: now - minutes(30) }, oxygenFlow: { value: 2, at: now } });
    expect(scoreOf({ setting: 'bedside-pews' }, newest)?.points['oxygen']).toBe(2);
  });
});

describe('the age', () => {
  it.each([
    ['2026-05-15', 1],
    ['2026-03-15', 3],
    ['2022-06-15', 48],
    ['2026-06-15', 0],
    ['2026-07-01', 0],
  ])('of somebody born %s is %d full months', (date, age) => {
    expect(ageRangeAt({ date, precision: 'day' }, new Date(now))).toEqual({ from: age, until: age });
  });

  it('lies between two of its full months on all other days', () => {
    for (const [date, full] of [
      ['2022-06-14', 48],
      ['2022-06-16', 47],
      ['2026-03-31', 2],
    ] as const) {
      const { from } = ageRangeAt({ date, precision: 'day' }, new Date(now));
      expect(from).toBeGreaterThan(full);
      expect(from).toBeLessThan(full + 1);
    }
  });
});

describe('qSOFA', () => {
  it.each([
    [22, 101, 0, 1],
    [21, 100, 0, 1],
    [21, 101, 1, 1],
    [22, 100, 4, 3],
    [21, 101, 0, 0],
  ])('of rate %d, pressure %d and ACVPU %d is %d', (respiratoryRate, systolic, acvpu, total) => {
    const score = scoreQsofa({ respiratoryRate, systolic, acvpu });
    expect(score).toMatchObject({ total, band: total >= 2 ? 'higher-risk' : 'low', alarm: null });
  });

  it('is incomplete without one of them', () => {
    expect(scoreQsofa({ respiratoryRate: 30 })).toMatchObject({
      total: null,
      partial: 1,
      missing: ['systolic', 'acvpu'],
    });
  });
});
