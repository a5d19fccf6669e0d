import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toCalendar, type CalendarEvent } from './ical.js';

const event: CalendarEvent = {
  id: '0198f2a0-0000-7000-8000-000000000001',
  start: new Date('2026-03-29T08:30:00Z'),
  end: new Date('2026-03-29T09:00:00Z'),
  changedAt: new Date('2026-03-01T12:00:00.789Z'),
  version: 3,
  summary: 'Consultation',
  location: 'Main site',
  status: 'CONFIRMED',
};

/** As RFC 5545 says to read it: unfolded, then split at the first colon. */
const read = (calendar: string): [string, string][] =>
  calendar
    .replaceAll('\r\n ', '')
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
const unescape = (text: string): string =>
  text.replaceAll(/\\(n|.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
const valueOf = (calendar: string, name: string): string => read(calendar).find(([key]) => key === name)?.[1] ?? '';

describe('a calendar', () => {
  it('holds each appointment with its times in UTC and the version that counts', () => {
    expect(read(toCalendar('Dr Test', [event]))).toEqual(
      expect.arrayContaining([
        ['BEGIN', 'VCALENDAR'],
        ['VERSION', '2.0'],
        ['UID', event.id],
        ['DTSTAMP', '20260301T120000Z'],
        ['DTSTART', '20260329T083000Z'],
        ['DTEND', '20260329T090000Z'],
        ['SEQUENCE', '2'],
        ['STATUS', 'CONFIRMED'],
        ['END', 'VCALENDAR'],
      ]),
    );
  });

  it('has no line of more than 75 octets, and says any text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const summary = text.replaceAll(/\p{Cc}/gu, '');
        const calendar = toCalendar('Dr Test', [{ ...event, summary: `${summary};,\\x` }]);
        for (const line of calendar.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
        expect(calendar.endsWith('END:VCALENDAR\r\n')).toBe(true);
        expect(unescape(valueOf(calendar, 'SUMMARY'))).toBe(`${summary};,\\x`);
      }),
    );
  });

  it('cannot be given further lines through a text', () => {
    const calendar = toCalendar('Dr Test', [{ ...event, location: 'x\r\nBEGIN:VALARM\nEND:VALARM' }]);
    expect(read(calendar).filter(([, value]) => value === 'VALARM')).toEqual([]);
  });
});
