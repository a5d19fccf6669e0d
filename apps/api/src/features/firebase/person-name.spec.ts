import { describe, expect, it } from '@jest/globals';
import { personName } from './person-name.js';

describe('the name of a person', () => {
  it.each([
    ['Ada King Lovelace', { givenName: 'Ada King', familyName: 'Lovelace' }],
    ['  Ada\n  Lovelace ', { givenName: 'Ada', familyName: 'Lovelace' }],
    ['Madonna', { givenName: 'Madonna', familyName: 'Madonna' }],
    ['', { givenName: 'ada.l', familyName: 'ada.l' }],
    [undefined, { givenName: 'ada.l', familyName: 'ada.l' }],
    ['\0\0', { givenName: 'ada.l', familyName: 'ada.l' }],
    [`${'x'.repeat(150)} ${'y'.repeat(150)}`, { givenName: 'x'.repeat(100), familyName: 'y'.repeat(100) }],
  ])('%j is taken apart', (name, parts) => {
    expect(personName(name, 'ada.l@patients.example')).toEqual(parts);
  });
});
