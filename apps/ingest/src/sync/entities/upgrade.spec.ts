import { describe, expect, it } from '@jest/globals';
import { upgraded, type Upgrade } from './upgrade.js';

const renamed: Upgrade = {
  sv: 2,
  patch: ({ mobile, ...patch }) => (mobile === undefined ? patch : { ...patch, phone: mobile }),
};
const divided: Upgrade = {
  sv: 3,
  patch: ({ phone, ...patch }) =>
    phone === undefined ? patch : { ...patch, telecom: [{ system: 'phone', value: phone }] },
};
const upgrades = [renamed, divided];

describe('an op of an older app', () => {
  it('is said in the schema of today, through all that were in between', () => {
    const { patch } = upgraded({ sv: 1, patch: { mobile: '1', name: 'Muster' }, was: null }, upgrades);
    expect(patch).toEqual({ name: 'Muster', telecom: [{ system: 'phone', value: '1' }] });
  });

  it('is changed by what came after it was made, and by nothing before', () => {
    const { patch } = upgraded({ sv: 2, patch: { phone: '1' }, was: null }, upgrades);
    expect(patch).toEqual({ telecom: [{ system: 'phone', value: '1' }] });
  });

  it('says in it, too, what the fields said before', () => {
    const { was } = upgraded({ sv: 1, patch: { mobile: '1' }, was: { mobile: '2' } }, upgrades);
    expect(was).toEqual({ telecom: [{ system: 'phone', value: '2' }] });
  });

  it('says nothing of a field it said nothing of', () => {
    expect(upgraded({ sv: 1, patch: { name: 'Muster' }, was: null }, upgrades).patch).toEqual({ name: 'Muster' });
  });

  it.each([3, 4])('of schema %i is taken as it is', (sv) => {
    expect(upgraded({ sv, patch: { mobile: '1' }, was: null }, upgrades).patch).toEqual({ mobile: '1' });
  });

  it('without a patch, such as a command, stays what it is', () => {
    const command = { sv: 1, patch: null, was: null };
    expect(upgraded(command, upgrades)).toEqual(command);
  });
});
