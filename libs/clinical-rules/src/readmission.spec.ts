import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  hospitalFromFirst,
  laceComorbidity,
  laceConditions,
  scoreHospital,
  scoreLace,
  scoreSimplifiedHospital,
  type HospitalInputs,
  type LaceCondition,
  type LaceInputs,
} from './readmission.js';

const lace0: Required<LaceInputs> = { lengthOfStayDays: 0, acuteAdmission: false, comorbidity: 0, emergencyVisits: 0 };
const well: Required<HospitalInputs> = {
  haemoglobin: 14,
  sodium: 140,
  oncologyService: false,
  procedure: false,
  urgentAdmission: false,
  priorAdmissions: 0,
  lengthOfStayDays: 0,
};
const worst: Required<HospitalInputs> = {
  haemoglobin: 8,
  sodium: 120,
  oncologyService: true,
  procedure: true,
  urgentAdmission: true,
  priorAdmissions: 9,
  lengthOfStayDays: 30,
};

describe('LACE', () => {
  it.each([
    { days: 5, acute: true, comorbidity: 5, visits: 2, total: 14, band: 'high' },
    { days: 2, acute: false, comorbidity: 0, visits: 0, total: 2, band: 'low' },
    { days: 10, acute: true, comorbidity: 4, visits: 2, total: 15, band: 'high' },
    { days: 0, acute: false, comorbidity: 0, visits: 0, total: 0, band: 'low' },
    { days: 14, acute: true, comorbidity: 9, visits: 7, total: 19, band: 'high' },
  ])('of $days days, acute $acute, comorbidity $comorbidity and $visits visits is $total, $band', (vector) => {
    const { days, acute, comorbidity, visits, total, band } = vector;
    const inputs = { lengthOfStayDays: days, acuteAdmission: acute, comorbidity, emergencyVisits: visits };
    expect(scoreLace(inputs)).toMatchObject({ total, band, missing: [] });
  });

  it.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [6, 4],
    [7, 5],
    [13, 5],
    [14, 7],
    [100, 7],
  ])('gives a stay of %d days %d points', (lengthOfStayDays, points) => {
    expect(scoreLace({ ...lace0, lengthOfStayDays }).total).toBe(points);
  });

  it.each([
    [3, 3],
    [4, 5],
    [12, 5],
  ])('gives a comorbidity of %d %d points', (comorbidity, points) => {
    expect(scoreLace({ ...lace0, comorbidity }).total).toBe(points);
  });

  it('is no score without one of its inputs, and says which and how high it is at least', () => {
    const inputs = { ...lace0, acuteAdmission: true, comorbidity: undefined };
    expect(scoreLace(inputs)).toMatchObject({ total: null, partial: 3, band: 'incomplete', missing: ['comorbidity'] });
  });

  it('counts the graver form of a disease alone, and every condition once', () => {
    expect(laceComorbidity([])).toBe(0);
    expect(laceComorbidity(['heart-failure', 'heart-failure', 'dementia'])).toBe(5);
    expect(laceComorbidity(['diabetes-uncomplicated', 'diabetes-end-organ-damage'])).toBe(2);
    expect(laceComorbidity(['any-tumour', 'metastatic-tumour'])).toBe(6);
    expect(laceComorbidity(['mild-liver-or-renal-disease', 'severe-liver-or-renal-disease'])).toBe(4);
  });

  it('never falls when a condition is added', () => {
    const condition = fc.constantFrom(...(Object.keys(laceConditions) as LaceCondition[]));
    fc.assert(
      fc.property(fc.array(condition), condition, (some, one) => {
        expect(laceComorbidity([...some, one])).toBeGreaterThanOrEqual(laceComorbidity(some));
      }),
    );
  });
});

describe('HOSPITAL', () => {
  it('of the published case is 8, high', () => {
    const inputs = {
      ...well,
      haemoglobin: 11,
      sodium: 133,
      procedure: true,
      urgentAdmission: true,
      priorAdmissions: 3,
    };
    expect(scoreHospital({ ...inputs, lengthOfStayDays: 6 })).toMatchObject({ total: 8, band: 'high' });
  });

  it('goes from 0 to 13', () => {
    expect(scoreHospital(well)).toMatchObject({ total: 0, band: 'low' });
    expect(scoreHospital(worst)).toMatchObject({ total: 13, band: 'high' });
  });

  it.each<readonly [keyof HospitalInputs, number, number]>([
    ['haemoglobin', 11.9, 1],
    ['haemoglobin', 12, 0],
    ['sodium', 134.9, 1],
    ['sodium', 135, 0],
    ['priorAdmissions', 1, 0],
    ['priorAdmissions', 2, 2],
    ['priorAdmissions', 5, 2],
    ['priorAdmissions', 6, 5],
    ['lengthOfStayDays', 4, 0],
    ['lengthOfStayDays', 5, 2],
  ])('gives %s of %d %d points', (input, value, points) => {
    expect(scoreHospital({ ...well, [input]: value }).total).toBe(points);
  });

  it.each([
    [0, 0],
    [1, 2],
    [5, 2],
    [6, 5],
  ])('in its other version gives %d earlier admissions %d points', (priorAdmissions, points) => {
    const score = scoreHospital({ ...well, priorAdmissions }, hospitalFromFirst);
    expect(score).toMatchObject({ total: points, version: hospitalFromFirst.version });
    expect(score.version).not.toBe(scoreHospital(well).version);
  });

  it.each([
    [4, 'low'],
    [5, 'intermediate'],
    [6, 'intermediate'],
    [7, 'high'],
  ])('of %d is %s', (total, band) => {
    const few = { ...well, priorAdmissions: 2, lengthOfStayDays: 5 };
    const inputs = [few, { ...few, procedure: true }, { ...few, oncologyService: true }];
    const more = { ...few, oncologyService: true, procedure: true };
    expect([...inputs, more].map((each) => scoreHospital(each))).toContainEqual(
      expect.objectContaining({ total, band }),
    );
  });

  it('takes nothing for granted that it is not told', () => {
    const score = scoreHospital({ lengthOfStayDays: 6, urgentAdmission: true, priorAdmissions: 0 });
    expect(score).toMatchObject({ total: null, partial: 3, band: 'incomplete' });
    expect([...score.missing].sort()).toEqual(['haemoglobin', 'oncologyService', 'procedure', 'sodium']);
  });

  it('is simplified to 0 to 12, likely from 5, without the procedure', () => {
    expect(scoreSimplifiedHospital({ ...well, activeCancer: false }).total).toBe(0);
    expect(scoreSimplifiedHospital({ ...worst, activeCancer: false })).toMatchObject({ total: 12, band: 'high' });
    expect(scoreSimplifiedHospital({ ...well, activeCancer: true }).total).toBe(2);
    expect(scoreSimplifiedHospital(well).missing).toEqual(['cancer']);
  });
});
