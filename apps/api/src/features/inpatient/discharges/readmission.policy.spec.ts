import { describe, expect, it } from '@jest/globals';
import { readmissionScores, type RecordedInputs } from './readmission.policy.js';

const recorded: RecordedInputs = {
  admittedAt: new Date('2026-03-01T10:00:00Z'),
  urgency: 'emergency',
  emergencyVisits: 1,
  priorAdmissions: 0,
};
const leftAt = new Date('2026-03-07T11:00:00Z');
const of = (profile: string, scores: ReturnType<typeof readmissionScores>) =>
  scores.find((score) => score.profile === profile);

describe('the scores of a discharge', () => {
  it('say what is missing when nothing was stated, and take nothing for granted', () => {
    const scores = readmissionScores({}, recorded, leftAt);
    expect(of('lace', scores)).toMatchObject({ total: null, partial: 8, missing: ['comorbidity'] });
    expect(of('hospital', scores)?.missing).toEqual(['haemoglobin', 'sodium', 'oncologyService', 'procedure']);
    expect(of('hospital-simplified', scores)?.missing).toEqual(['haemoglobin', 'sodium', 'cancer']);
  });

  it('take what was stated before what is recorded, and keep which that was', () => {
    const stated = { comorbidities: ['heart-failure', 'dementia'], emergencyVisits: 2, priorAdmissions: 3 } as const;
    const more = { haemoglobin: 11, sodium: 133, oncologyService: false, activeCancer: false, procedure: true };
    const scores = readmissionScores({ ...stated, ...more }, recorded, leftAt);
    expect(of('lace', scores)).toMatchObject({ total: 14, band: 'high' });
    expect(of('hospital', scores)).toMatchObject({ total: 8, band: 'high' });
    expect(of('lace', scores)?.inputs).toMatchObject({
      lengthOfStayDays: 6,
      emergencyVisits: 2,
      comorbidity: 5,
      comorbidities: stated.comorbidities,
      stated: expect.arrayContaining(['emergencyVisits', 'priorAdmissions']) as unknown,
    });
  });

  it('count whole days that have passed', () => {
    const days = (until: string) => readmissionScores({}, recorded, new Date(until))[0]?.inputs['lengthOfStayDays'];
    expect(days('2026-03-02T09:59:59Z')).toBe(0);
    expect(days('2026-03-02T10:00:00Z')).toBe(1);
  });
});
