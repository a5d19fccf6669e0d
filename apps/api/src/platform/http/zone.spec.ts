import { describe, expect, it } from '@jest/globals';
import { isZone, knownZone } from './zone.js';

describe('a zone', () => {
  it.each(['UTC', 'Africa/Nairobi', 'America/Argentina/Buenos_Aires', 'Etc/GMT+3'])('is %s', (zone) => {
    expect(isZone(zone)).toBe(true);
  });

  it.each(['Mars/Olympus', 'GMT+3', '+05:30', 'europe/london', '', 'localtime', 'posixrules', 'posix/Europe/London'])(
    'is not %j',
    (zone) => expect(isZone(zone)).toBe(false),
  );

  it('that is not known gives way to the next, and at last to UTC', () => {
    expect(knownZone('Asia/Kolkata', 'Europe/Dublin')).toBe('Asia/Kolkata');
    expect(knownZone('localtime', null, undefined, 'Europe/Dublin')).toBe('Europe/Dublin');
    expect(knownZone('localtime', 'posix/UTC')).toBe('UTC');
  });
});
