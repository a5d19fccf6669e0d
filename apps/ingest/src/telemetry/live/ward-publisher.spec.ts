import { type WardVitals, vitalsChannel } from '@hms/contracts';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { hospitalWith, patientOf, readingOf, submissionOf } from '../../testing/telemetry-fakes.js';
import type { Reading } from '../reading.js';
import { committedValues } from './committed-values.js';
import type { NewestValues } from './newest-values.js';
import { WardPublisher } from './ward-publisher.js';

const now = Date.UTC(2026, 0, 1);
const micros = (secondsAgo: number): number => (now - secondsAgo * 1_000) * 1_000;
const hospital = hospitalWith(4);

let told: WardVitals[];
let publisher: WardPublisher;

beforeEach(() => {
  jest.useFakeTimers();
  told = [];
  const redis = {
    publish: (channel: string, message: string) => {
      expect(channel).toBe(vitalsChannel(hospital.id));
      told.push(JSON.parse(message) as WardVitals);
      return Promise.resolve(1);
    },
  };
  publisher = new WardPublisher(redis, () => undefined);
});
afterEach(() => {
  jest.useRealTimers();
});

const fresh = (...readings: Reading[]): NewestValues =>
  committedValues(submissionOf(hospital, readings).rows, now).fresh;

/** What is told at once of readings that were committed, all up to that position. */
function publish(position: number, ...readings: Reading[]): WardVitals[] {
  const before = told.length;
  publisher.publish(hospital, fresh(...readings), position);
  return told.slice(before);
}

describe('a flush', () => {
  it('is told in one message per ward, with one update per patient', () => {
    const messages = publish(42, ...[1, 2, 3, 1, 2, 3].map((device, i) => readingOf(device, micros(i))));
    expect(messages.map(({ wardId, updates }) => [wardId, updates.map(({ patientId }) => patientId)])).toEqual([
      ['ward-2', [patientOf(1), patientOf(3)]],
      ['ward-1', [patientOf(2)]],
    ]);
  });

  it('has the newest of each value, in whatever order they came', () => {
    const [message] = publish(
      42,
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
    expect(publish(42, readingOf(4, micros(1)), readingOf(1, micros(601)))).toEqual([]);
  });
});

describe('a patient who was told of a moment ago', () => {
  const pulses = (messages: readonly WardVitals[]): unknown[] =>
    messages.flatMap(({ updates }) => updates.map(({ values, position }) => [values.heartRate, position]));

  it('is told of again after 500 ms, with the newest of what came since', () => {
    publish(1, readingOf(1, micros(4), { heartRate: 60 }));
    expect(publish(2, readingOf(1, micros(3), { heartRate: 61 }))).toEqual([]);
    publish(3, readingOf(1, micros(2), { heartRate: 62 }));
    jest.advanceTimersByTime(499);
    expect(pulses(told)).toEqual([[60, '1']]);
    jest.advanceTimersByTime(1);
    expect(pulses(told)).toEqual([
      [60, '1'],
      [62, '3'],
    ]);
    publish(4, readingOf(1, micros(1), { heartRate: 63 }));
    jest.advanceTimersByTime(500);
    expect(pulses(told.slice(2))).toEqual([[63, '4']]);
  });

  it('holds up nobody else', () => {
    publish(1, readingOf(1, micros(2)));
    expect(publish(2, readingOf(1, micros(1)), readingOf(3, micros(1)))).toMatchObject([
      { updates: [{ patientId: patientOf(3) }] },
    ]);
  });

  it('is told of at once when nothing came for 500 ms', () => {
    publish(1, readingOf(1, micros(3)));
    jest.advanceTimersByTime(500);
    expect(publish(2, readingOf(1, micros(1)))).toHaveLength(1);
  });

  it('is told of before the service ends', () => {
    publish(1, readingOf(1, micros(2), { heartRate: 60 }));
    publish(2, readingOf(1, micros(1), { heartRate: 61 }));
    publisher.stop();
    expect(pulses(told)).toEqual([
      [60, '1'],
      [61, '2'],
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

it('no position is told beyond what is held: who resumes from it misses nothing', () => {
  publish(1, readingOf(1, micros(2)));
  publish(2, readingOf(1, micros(1)));
  const [message] = publish(3, readingOf(3, micros(1)));
  expect(message?.updates[0]?.position).toBe('1');
  jest.advanceTimersByTime(500);
  expect(told.at(-1)?.updates[0]?.position).toBe('3');
});

it('losing Redis is counted, and nothing else', async () => {
  let lost = 0;
  const redis = { publish: () => Promise.reject(new Error('away')) };
  new WardPublisher(redis, () => lost++).publish(hospital, fresh(readingOf(1, micros(1)), readingOf(2, micros(1))), 1);
  await Promise.resolve();
  expect(lost).toBe(2);
});
