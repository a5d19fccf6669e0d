import { describe, expect, it } from '@jest/globals';
import { versionOfField } from './field-versions.policy.js';

const patient = { version: 9, columns: { family_name: 3, birth_date_precision: 7, birth_date: 4 } };

describe('a field of a patient changed last', () => {
  it.each([
    ['familyName', 3],
    ['phone', 0],
    ['birthDate', 7],
    ['identifiers', 9],
  ])('%s in version %d', (field, version) => {
    expect(versionOfField(patient, field)).toBe(version);
  });
});
