import { vitalSigns } from '@hms/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Lane } from '../../database/lane.js';
import { variable } from '../../testing/environment.js';
import { deviceMap, patientOf, readingOf } from '../../testing/telemetry-fakes.js';
import { TestHospital } from '../../testing/test-hospital.js';
import { assignmentAt } from '../../devices/device-map.js';
import type { Reading, ResolvedReading } from '../reading.js';
import { copyColumns, encodeRows } from './copy-encoder.js';
import { copyInto } from './statements.js';

let hospital: TestHospital;
let lane: Lane;
const devices = deviceMap(3);
const mark = { writer: -32_768, flushNo: Number.MAX_SAFE_INTEGER };

beforeAll(async () => {
  hospital = await TestHospital.create();
  lane = new Lane(variable('INGEST_DATABASE_URL'));
}, 60_000);

afterAll(async () => {
  await lane.close();
  await hospital.drop();
});

function resolve(reading: Reading): ResolvedReading {
  const device = devices.find(reading.device);
  if (!device) throw new Error(reading.device);
  return { reading, device, assignment: assignmentAt(device, reading.recordedAt) };
}

const limits = (which: 'min' | 'max'): Record<string, number> =>
  Object.fromEntries(
    vitalSigns.map((sign) => [
      sign.code,
      'min' in sign ? sign[which] : which === 'min' ? 0 : sign.kind === 'acvpu' ? 4 : 1,
    ]),
  );

describe('rows in the binary format of COPY', () => {
  it('are in the table what they were, column by column: at their limits, absent, and at the ends of time', async () => {
    const micros = (text: string): number => Date.parse(text) * 1_000;
    const base = micros('1970-01-01T00:00:00Z') + 1;
    const written = [
      { ...readingOf(1, base, limits('min')), flags: -32_768, clockOffsetMs: -2_147_483_648 },
      {
        ...readingOf(1, micros('2100-12-31T23:59:59.999Z') + 999, limits('max')),
        flags: 32_767,
        clockOffsetMs: 2_147_483_647,
      },
      { ...readingOf(2, micros('1999-12-31T23:59:59.999Z') + 999, {}), flags: 0, clockOffsetMs: undefined },
      { ...readingOf(3, micros('2000-01-01T00:00:00Z'), { temperature: 36.6 }), flags: 31, clockOffsetMs: 0 },
    ];
    const table = { schema: hospital.schema, name: 'vitals_unassigned', rows: written.map(resolve) } as const;
    // Any row may be without a patient here, and no time is without a partition.
    await lane.copy(`begin; ${copyInto(table)}; commit`, [encodeRows(table.rows, mark)]);
    const columns = copyColumns.map((column) => (column === 'acvpu' ? 'acvpu::text' : column)).join(', ');
    const rows = await hospital.rows<Record<string, unknown>>(
      `select ${columns}, (extract(epoch from recorded_at) * 1000000)::bigint::text as micros from {schema}.vitals_unassigned`,
    );
    for (const reading of written) {
      const row = rows.find(({ micros: at }) => at === String(reading.recordedAt));
      const device = Number(reading.device.slice(4));
      expect(row).toMatchObject({
        patient_id: device === 3 ? null : patientOf(device),
        device_no: device,
        flush_no: String(mark.flushNo),
        writer: mark.writer,
        flags: reading.flags,
        clock_offset_ms: reading.clockOffsetMs ?? null,
      });
      for (const [i, { column, kind }] of vitalSigns.entries()) {
        expect([column, row?.[column]]).toEqual([column, stored(kind, reading.values[i] ?? NaN)]);
      }
    }
  });
});

function stored(kind: string, value: number): unknown {
  if (Number.isNaN(value)) return null;
  if (kind === 'boolean') return value === 1;
  return kind === 'acvpu' ? 'ACVPU'[value] : value;
}
