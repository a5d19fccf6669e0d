import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WardVitals } from '@hms/contracts';
import { parseWardVitals } from './ward-vitals.js';

const message: WardVitals = {
  wardId: 'w',
  updates: [
    {
      patientId: 'p',
      recordedAt: '2026-03-01T12:00:00.000Z',
      values: { heartRate: 72, temperature: 36.8, onOxygen: true, acvpu: 'V' },
      position: '1',
    },
  ],
};

describe('a live message', () => {
  it('is what ingest publishes', () => {
    expect(parseWardVitals(JSON.stringify(message))).toEqual(message);
    expect(parseWardVitals('{"wardId":"w","updates":[]}')).toEqual({ wardId: 'w', updates: [] });
  });

  it.each([
    '',
    'null',
    '{}',
    '{"wardId":"w"}',
    JSON.stringify({ ...message, updates: [{ ...message.updates[0], values: { mood: 1 } }] }),
    JSON.stringify({ ...message, updates: [{ ...message.updates[0], values: { heartRate: 'high' } }] }),
  ])('is nothing else: %s', (text) => {
    expect(parseWardVitals(text)).toBeUndefined();
  });

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseWardVitals(text)));
  });
});
