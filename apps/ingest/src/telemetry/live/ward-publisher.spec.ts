import { type WardVitals, vitalsChannel } from '@hms/contracts';
import { describe, expect, it } from '@jest/globals';
import { hospitalWith, patientOf, readingOf, submissionOf } from '../../testing/telemetry-fakes.js';
import type { Reading } from '../reading.js';
import { WardPublisher } from './ward-publisher.js';

const now = Date.UTC(2026, 0, 1);
const micros = (secondsAgo: number): number => (now - secondsAgo * 1_000) * 1_000;
const hospital = hospitalWith(4);

function publish(...readings: Reading[]): WardVitals[] {
  const messages: WardVitals[] = [];
  const redis = {
    publish: (channel: string, message: string) => {
      expect(channel).toBe(vitalsChannel(hospital.id));
      messages.push(JSON.parse(message) as WardVitals);
      return Promise.resolve(1);
    },
  };
  const { rows } = submissionOf(hospital, readings);
  new WardPublisher(
    redis,
    () => undefined,
    () => now,
  ).publish(hospital, rows, 42);
  return messages;
}

describe('a flush', () => {
  it('is told in one message per ward, with one update per patient', () => {
    const messages = publish(...[1, 2, 3, 1, 2, 3].map((device, i) => readingOf(device, micros(i))));
    expect(messages.map(({ wardId, updates }) => [wardId, updates.map(({ patientId }) => patientId)])).toEqual([
      ['ward-2', [patientOf(1), patientOf(3)]],
      ['ward-1', [patientOf(2)]],
    ]);
  });

  it('has the newest of each value, in whatever order they came', () => {
    const [message] = publish(
      readingOf(1, micros(2), { heartRate: 72, temperature: 36.84 }),
      readingOf(1, micros(9), { heartRate: 60, acvpu: 2, onOxygen: 0 }),
      readingOf(1, micros(5), { temperature: 39, spo2: 97 }),
    );
    expect(message?.updates).toEqual([
      {
        patientId: patientOf(1),
        recordedAt: '2025-12-31T23:59:58.000Z',
        values: { heartRate: 72, temperature: 36.8, spo2: 97, onOxygen: false, acvpu: 'V' },
        position: '42',
      },
    ]);
  });

  it('tells nothing of readings nobody watches: without a patient, or older than ten minutes', () => {
    expect(publish(readingOf(4, micros(1)), readingOf(1, micros(601)))).toEqual([]);
  });
});

it('losing Redis is counted, and nothing else', async () => {
  let lost = 0;
  const redis = { publish: () => Promise.reject(new Error('away')) };
  const { rows } = submissionOf(hospital, [readingOf(1, micros(1)), readingOf(2, micros(1))]);
  new WardPublisher(
    redis,
    () => lost++,
    () => now,
  ).publish(hospital, rows, 1);
  await Promise.resolve();
  expect(lost).toBe(2);
});
