import { describe, expect, it } from '@jest/globals';
import { assertReasoned, byDefault, scoreChoices, spo2Scales } from './monitoring.policy.js';

describe('what a doctor decides about scoring', () => {
  it('needs no reason where it is the default', () => {
    expect(() => assertReasoned(byDefault)).not.toThrow();
  });

  it.each(spo2Scales.flatMap((spo2Scale) => scoreChoices.map((score) => ({ spo2Scale, score }))).slice(1))(
    'needs one for %j',
    (choice) => {
      expect(() => assertReasoned({ ...choice, reason: null })).toThrow('request.invalid');
      expect(() => assertReasoned({ ...choice, reason: 'COPD, target 88–92 %' })).not.toThrow();
    },
  );
});
