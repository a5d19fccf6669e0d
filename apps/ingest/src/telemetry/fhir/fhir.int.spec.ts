import { describe, expect, it } from '@jest/globals';
import { useBedside } from '../../testing/bedside.js';
import { eventually } from '../../testing/eventually.js';

const now = Date.now() - 5_000;
const bed = useBedside();

const stored = (): Promise<Record<string, unknown>[]> =>
  bed.hospital.rows(
    'select heart_rate, spo2, patient_id from {schema}.vitals where device_no = $1 order by recorded_at',
    [bed.device.no],
  );

const observation = (code: string, value: number, members: object = {}, t = now): object => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }] },
  effectiveInstant: new Date(t).toISOString(),
  device: { identifier: { value: bed.device.name } },
  valueQuantity: { value, system: 'http://unitsofmeasure.org', code: code === '8867-4' ? '/min' : '%' },
  ...members,
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

async function send(
  resources: readonly object[],
  type = 'batch',
  path = '/telemetry/fhir',
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${bed.ingest.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', authorization: `Bearer ${bed.gateway.key}`, ...more },
    body: JSON.stringify({ resourceType: 'Bundle', type, entry: resources.map((resource) => ({ resource })) }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Answer['body'],
  };
}

const entries = (...statuses: string[]): object[] =>
  statuses.map((status) => ({ response: expect.objectContaining({ status }) }));

describe('a FHIR Bundle', () => {
  it('is stored, one row a device and time, and again when it is sent again', async () => {
    const resources = [observation('8867-4', 72), observation('59408-5', 97)];
    for (let i = 0; i < 2; i += 1) {
      const { status, type, body } = await send(resources);
      expect([status, type]).toEqual([200, 'application/fhir+json; charset=utf-8']);
      expect(body).toEqual({
        resourceType: 'Bundle',
        type: 'batch-response',
        entry: entries('201 Created', '201 Created'),
      });
      expect(await stored()).toEqual([{ heart_rate: 72, spo2: 97, patient_id: bed.device.patientId }]);
    }
  });

  it('with samples of an ECG is stored as chunks of its waveform, once', async () => {
    const ecg = {
      ...{ resourceType: 'Observation', status: 'final', effectiveInstant: new Date(now).toISOString() },
      device: { identifier: { value: bed.device.name } },
      code: { coding: [{ system: 'urn:iso:std:iso:11073:10101', code: '131330' }] },
      valueSampledData: {
        ...{ origin: { value: 0, code: 'uV' }, period: 4, factor: 2.5, dimensions: 1 },
        data: Array.from({ length: 1_000 }, (_, i) => i).join(' '),
      },
    };
    for (let i = 0; i < 2; i += 1) {
      expect((await send([ecg, observation('8867-4', 72)])).body['entry']).toEqual(
        entries('201 Created', '201 Created'),
      );
      const chunks = await bed.hospital.rows(
        `select lead, hz, scale, length(samples) as bytes, (extract(epoch from started_at) * 1000)::float8 as at
           from {schema}.waveform where device_no = $1 order by started_at`,
        [bed.device.no],
      );
      const signal = { lead: 'II', hz: 250, scale: expect.closeTo(0.0025) };
      expect(chunks).toEqual([
        { ...signal, bytes: 1_800, at: now },
        { ...signal, bytes: 200, at: now + 3_600 },
      ]);
      expect(await stored()).toEqual([{ heart_rate: 72, spo2: null, patient_id: bed.device.patientId }]);
    }
  });

  it('is known by all of its Idempotency-Key', async () => {
    const keyed = (last: string): Readonly<Record<string, string>> => ({
      'idempotency-key': `${'k'.repeat(63)}${last}`,
    });
    const path = '/telemetry/fhir';
    for (const [key, rate, status] of [
      ['a', 72, 200],
      ['b', 73, 200],
      ['a', 74, 409],
    ] as const) {
      const answer = await send([observation('8867-4', rate, {}, now + rate)], 'batch', path, keyed(key));
      expect(answer.status).toBe(status);
    }
    expect(await stored()).toMatchObject([{ heart_rate: 72 }, { heart_rate: 73 }]);
  });

  it('answers each entry for itself, of many', async () => {
    const rates = Array.from({ length: 250 }, (_, i) => observation('8867-4', i % 2 === 0 ? 70 : 999, {}, now - i));
    const strangers = rates.map((resource) => ({ ...resource, device: { identifier: { value: 'mon-unknown' } } }));
    const { body } = await send([...rates, ...strangers]);
    const wanted = Array.from({ length: 250 }, (_, i) => (i % 2 === 0 ? '201 Created' : '400 Bad Request'));
    expect(body['entry']).toEqual(entries(...wanted, ...rates.map(() => '400 Bad Request')));
    expect(await stored()).toHaveLength(125);
  });

  it('is never given to another patient than the one it names', async () => {
    const of = (subject: object): object => observation('8867-4', 72, { subject });
    const wrong = await send([of({ reference: 'Patient/0190aaaa-0000-7000-8000-000000000000' })]);
    expect(wrong.body['entry']).toEqual([
      {
        response: {
          status: '400 Bad Request',
          outcome: expect.objectContaining({
            issue: [expect.objectContaining({ code: 'conflict', expression: ['Bundle.entry[0]'] })],
          }),
        },
      },
    ]);
    expect(await stored()).toEqual([]);
    const mrn = bed.device.patientId.slice(-12);
    const right = await send([
      of({ identifier: { value: mrn } }),
      of({ reference: `Patient/${bed.device.patientId}` }),
    ]);
    expect(right.body['entry']).toEqual(entries('201 Created', '201 Created'));
    expect(await stored()).toEqual([{ heart_rate: 72, spo2: null, patient_id: bed.device.patientId }]);
  });

  it('follows a record number that is corrected', async () => {
    const subject = { identifier: { value: `new-${bed.device.no}` } };
    expect((await send([observation('8867-4', 72, { subject })])).body['entry']).toEqual(entries('400 Bad Request'));
    await bed.hospital.owner.query(`update ${bed.hospital.schema}.patient set mrn = $1 where id = $2`, [
      `new-${bed.device.no}`,
      bed.device.patientId,
    ]);
    expect((await send([observation('8867-4', 72, { subject })])).body['entry']).toEqual(entries('201 Created'));
  });

  it('is stored as a whole or not at all when it is a transaction', async () => {
    const bad = observation('8867-4', 72, { device: { identifier: { value: 'mon-unknown' } } });
    const refused = await send([observation('8867-4', 72), bad], 'transaction');
    expect([refused.status, refused.body['resourceType']]).toEqual([400, 'OperationOutcome']);
    expect(await stored()).toEqual([]);
    const taken = await send([observation('8867-4', 72), observation('59408-5', 97)], 'transaction');
    expect(taken.body).toMatchObject({ type: 'transaction-response', entry: entries('201 Created', '201 Created') });
    expect(await stored()).toHaveLength(1);
  });

  it('is stored as a whole or not at all when a device of it is switched off while it waits', async () => {
    const [other] = await bed.hospital.addDevices(bed.gateway, 1);
    const of = (name = ''): object => observation('8867-4', 72, { device: { identifier: { value: name } } });
    const { owner, schema } = bed.hospital;
    await owner.query('begin');
    await owner.query(`lock table ${schema}.vitals in access exclusive mode`);
    const answered = send([of(bed.device.name), of(other?.name)], 'transaction');
    await eventually(async () => (await bed.ingest.metric('ingest_queue_bytes')) > 0 || undefined);
    await owner.query(`update ${schema}.device set status = 'disabled' where external_id = $1`, [other?.name]);
    await owner.query('commit');
    const { status, body } = await answered;
    expect([status, body['issue']]).toEqual([400, [expect.objectContaining({ expression: ['Bundle.entry[1]'] })]]);
    expect(await stored()).toEqual([]);
  });

  it('can be explained, and nothing is stored', async () => {
    const { status, body } = await send([observation('8867-4', 72)], 'batch', '/telemetry/explain');
    expect(status).toBe(200);
    expect(body).toMatchObject({ readings: [{ device: bed.device.name, assigned: true, values: { hr: 72 } }] });
    expect(await stored()).toEqual([]);
  });
});
