import { describe, expect, it } from '@jest/globals';
import { channels, languages, templateCodes } from '../notification.terms.js';
import { builtinText, languageFor, momentVariables, refusedVariables, render } from './rendering.policy.js';

const all = templateCodes.flatMap((code) =>
  languages.flatMap((lang) => channels.map((channel) => ({ code, lang, channel }))),
);
/** What nobody who looks at a locked phone may learn. */
const secrets = {
  title: 'Biopsy result of Ada',
  body: 'Dr. Otieno: HIV clinic',
  date: 'Friday, 13 March',
  time: '10:45',
  patient: 'Ada Lovelace',
  name: 'Ada',
};
const shown = { hospital: 'North Hospital', link: 'https://hms.example/n/x' };

describe.each(all)('the built-in text $code in $lang for $channel', (key) => {
  const { subject, body } = render(key, builtinText(key), { ...secrets, ...shown });

  it('names only variables it may say, and leaves none unfilled', () => {
    expect(refusedVariables(key, builtinText(key))).toEqual([]);
    expect(`${String(subject)}${body}`).not.toMatch(/[{}]/);
  });

  if (key.channel === 'sms' || (key.channel === 'push' && key.code !== 'broadcast')) {
    it('shows on a locked screen nothing of the patient', () => {
      for (const secret of Object.values(secrets)) expect(`${String(subject)}\n${body}`).not.toContain(secret);
    });
  }

  if (key.channel === 'sms') {
    it('carries the link it is found again by', () => expect(body).toContain(shown.link));
  }
});

describe("a hospital's own text", () => {
  const key = { code: 'appointment-reminder', lang: 'en', channel: 'sms' } as const;

  it.each([
    ['{{date}} {{time}} {{link}}', ['date', 'time']],
    ['{{patient}}', ['patient']],
    ['{{hospital}} {{link}', ['{{']],
    ['{{ hospital }}: {{link}}', []],
  ])('%s is refused for %j', (body, refused) => {
    expect(refusedVariables(key, { subject: null, body })).toEqual(refused);
  });

  it('that says more than it may, as an older release allowed, is sent without it', () => {
    const body = render(key, { subject: null, body: 'At {{time}} {{link}}' }, { ...secrets, ...shown }).body;
    expect(body).toBe(`At  ${shown.link}`);
  });

  it('takes what stands in a variable as text, not as a template', () => {
    const message = { code: 'message', lang: 'en', channel: 'in-app' } as const;
    const { body } = render(message, builtinText(message), { title: 'x', body: '{{hospital}} $& $1' });
    expect(body).toBe('{{hospital}} $& $1');
  });
});

describe('the language', () => {
  it('is the first wish there are texts in, and English without one', () => {
    expect(languageFor(null, 'de-AT', 'fr')).toBe('de');
    expect(languageFor('sw', 'es')).toBe('es');
    expect(languageFor('sw', undefined)).toBe('en');
  });
});

describe('the time of an appointment', () => {
  it('is told at the clock of the place', () => {
    const start = new Date('2026-03-29T01:30:00Z');
    expect(momentVariables(start, 'en', 'Europe/London').time).toMatch(/2:30\sAM/);
    expect(momentVariables(start, 'de', 'Asia/Kolkata')).toEqual({ date: 'Sonntag, 29. März 2026', time: '07:00' });
  });
});
