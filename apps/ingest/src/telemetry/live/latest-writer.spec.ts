import { createLogger } from '@hms/service-kit';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LimitTable } from '../../alarms/limits.js';
import { Hospital } from '../../hospitals/hospital.js';
import { field, noValues } from '../fields.js';
import type { ResolvedReading } from '../reading.js';
import { type CommittedValues, committedValues } from './committed-values.js';
import { LatestWriter } from './latest-writer.js';

const hospital = new Hospital('019a0000-0000-7000-8000-000000000001', 'north');
const id = '019a0000-0000-7000-8000-000000000002';

const limits = new LimitTable([]).of(id, id);

function reading(recordedAt: number, measured: Partial<Record<keyof typeof field, number>>): ResolvedReading {
  const values = noValues();
  for (const name of ['heartRate', 'spo2'] as const) values[field[name]] = measured[name] ?? NaN;
  const assignment = {
    from: 0,
    until: Infinity,
    patientId: id,
    patientWords: [],
    wardId: id,
    mrn: 'mrn',
    patientRank: 0,
    limits,
  };
  return {
    assignment,
    device: { no: 1, externalId: 'mon-1', gatewayId: id, disabled: false, assignments: [assignment] },
    reading: { index: 0, device: 'mon-1', recordedAt, values, flags: 0, clockOffsetMs: undefined },
  };
}

const found = { hospital, devices: { epoch: 3 } };
const committed = (...rows: ResolvedReading[]): CommittedValues => committedValues(rows, 0);

/** Fails as often as told, and keeps what was written by column. */
class FakeLane {
  readonly written: Record<string, string>[] = [];
  /** Patients and since when. */
  readonly refreshed: string[][] = [];
  failures = 0;
  epoch = 3;

  run(statement: string): Promise<never[]> {
    if (this.failures-- > 0) return Promise.reject(new Error('not now'));
    const [, asked] = /, (\d+)\)\) order by/.exec(statement) ?? [];
    if (asked !== undefined && Number(asked) !== this.epoch) {
      return Promise.reject(Object.assign(new Error('division by zero'), { code: '22012' }));
    }
    const [, patient, since] = /refresh_vitals_latest\('(.*?)'[^]* \+ (\d+)/.exec(statement) ?? [];
    if (patient !== undefined && since !== undefined) {
      this.refreshed.push([patient, since]);
      return Promise.resolve([]);
    }
    const [, columns = ''] = /\((patient_id.*?)\)/.exec(statement) ?? [];
    const lists = [...statement.matchAll(/'\{(.*?)\}'/g)].map(([, list]) => list ?? '');
    this.written.push(Object.fromEntries(columns.split(', ').map((column, i) => [column, lists[i] ?? ''])));
    return Promise.resolve([]);
  }
}

let lane: FakeLane;
let writer: LatestWriter;

beforeEach(() => {
  jest.useFakeTimers();
  lane = new FakeLane();
  writer = new LatestWriter(lane, createLogger('test', 'silent'));
});
afterEach(() => {
  jest.useRealTimers();
});

describe('latest values that could not be written', () => {
  it('are written a second later', async () => {
    lane.failures = 1;
    writer.add(found, committed(reading(5, { heartRate: 72 })));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(lane.written).toEqual([]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(lane.written).toEqual([{ patient_id: id, heart_rate: '72', heart_rate_at: '5' }]);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(lane.written).toHaveLength(1);
  });

  it('give way to newer ones, each for itself', async () => {
    lane.failures = 1;
    writer.add(found, committed(reading(5, { heartRate: 72, spo2: 97 })));
    const flushed = writer.flush();
    writer.add(found, committed(reading(6, { heartRate: 80 }), reading(4, { spo2: 90 })));
    await flushed;
    await writer.flush();
    expect(lane.written).toEqual([{ patient_id: id, heart_rate: '80', heart_rate_at: '6', spo2: '97', spo2_at: '5' }]);
  });

  it('are tried once more at the end, and no more after it', async () => {
    lane.failures = 2;
    writer.add(found, committed(reading(5, { heartRate: 72 })));
    await jest.advanceTimersByTimeAsync(1_000);
    await writer.stop();
    expect(lane.failures).toBe(0);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(lane.written).toEqual([]);
  });
});

describe('latest values whose devices were found to be worn by somebody else', () => {
  it('are not written: the newest are read from what is stored', async () => {
    lane.epoch = 4;
    writer.add(found, committed(reading(5, { heartRate: 72 }), reading(3, { spo2: 97 })));
    await writer.flush();
    expect([lane.written, lane.refreshed]).toEqual([[], [[id, '3']]]);
  });

  it.each([
    [3, 4],
    [4, 3],
  ])('are read so too when epochs %i and %i wait together, which nothing can tell apart', async (...epochs) => {
    for (const epoch of epochs) writer.add({ hospital, devices: { epoch } }, committed(reading(5, { heartRate: 72 })));
    await writer.flush();
    expect([lane.written, lane.refreshed]).toEqual([[], [[id, '5']]]);
  });
});
