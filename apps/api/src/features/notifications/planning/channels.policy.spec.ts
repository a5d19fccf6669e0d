import { describe, expect, it } from '@jest/globals';
import { channels } from '../notification.terms.js';
import { dialable, waysTo, type Reach } from './channels.policy.js';

const member: Reach = {
  hasAccount: true,
  pushTokenIds: ['phone', 'tablet'],
  hasEmail: true,
  hasPhone: true,
  chosen: undefined,
};
const names = (reach: Reach, allowed: readonly (typeof channels)[number][] = channels, priority?: 'urgent'): string[] =>
  waysTo(reach, allowed, priority ?? 'normal').map(({ channel, pushTokenId }) => pushTokenId ?? channel);

describe('a notification', () => {
  it('goes to the inbox, to each device and by mail unless its recipient chose otherwise', () => {
    expect(names(member)).toEqual(['in-app', 'phone', 'tablet', 'email']);
    expect(names({ ...member, chosen: ['sms'] })).toEqual(['in-app', 'sms']);
    expect(names({ ...member, chosen: [] })).toEqual(['in-app']);
  });

  it('goes every way the hospital allows when it is urgent, and no other', () => {
    expect(names({ ...member, chosen: [] }, channels, 'urgent')).toEqual(['in-app', 'phone', 'tablet', 'email', 'sms']);
    expect(names({ ...member, chosen: [] }, ['in-app', 'sms'], 'urgent')).toEqual(['in-app', 'sms']);
  });

  it('goes no way the hospital does not allow, nor one without an address', () => {
    expect(names(member, ['in-app'])).toEqual(['in-app']);
    expect(names({ ...member, chosen: ['sms'], hasPhone: false })).toEqual(['in-app']);
  });

  it('goes to a patient without an account one way, if there is one', () => {
    const stranger = { ...member, hasAccount: false, pushTokenIds: [] };
    expect(names(stranger)).toEqual(['sms']);
    expect(names(stranger, ['in-app', 'email'])).toEqual(['email']);
    expect(names({ ...stranger, hasPhone: false })).toEqual(['email']);
    expect(names({ ...stranger, hasPhone: false, hasEmail: false })).toEqual([]);
  });
});

describe('a phone number', () => {
  it.each([
    ['+353 (1) 234-5678', '+35312345678'],
    ['01 234 5678', undefined],
    ['+0 1234567', undefined],
    ['+123', undefined],
    [null, undefined],
  ])('%s is dialled as %s', (phone, dialled) => expect(dialable(phone)).toBe(dialled));
});
