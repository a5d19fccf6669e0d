import { gzipSync } from 'node:zlib';
import { type WardVitals, vitalsChannel } from '@hms/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { variable } from '../testing/environment.js';
import { eventually } from '../testing/eventually.js';
import { TestHospital, type TestDevice, type TestGateway } from '../testing/test-hospital.js';
import { TestIngest } from '../testing/test-ingest.js';

let ingest: TestIngest;
/** A second process over the same database. */
let other: TestIngest;
let hospital: TestHospital;
let gateway: TestGateway;
let device: TestDevice;

beforeAll(async () => {
  hospital = await TestHospital.create();
  gateway = await hospital.addGateway();
  [ingest, other] = await Promise.all([TestIngest.start(), TestIngest.start()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([ingest.stop(), other.stop()]);
  await hospital.drop();
});

/** A device of its own for each test. */
beforeEach(async () => {
  [device] = (await hospital.addDevices(gateway, 1)) as [TestDevice];
});

const seconds = (n: number): number => Date.now() - n * 1_000;
const reading = (values: object, t: unknown = seconds(1)): object => ({ d: device.name, t, ...values });
const send = (body: unknown, headers?: Record<string, string>): ReturnType<TestIngest['post']> =>
  ingest.post(gateway.key, body, headers);
const stored = (columns: string): Promise<Record<string, unknown>[]> =>
  hospital.rows(`select ${columns} from {schema}.vitals where device_no = $1 order by recorded_at`, [device.no]);

describe('an explanation', () => {
  const explained = async (type: string, body: string): Promise<{ status: number; body: unknown }> => {
    const headers = { 'content-type': type, authorization: `Bearer ${gateway.key}` };
    const response = await fetch(`${ingest.url}/telemetry/explain?precision=ms`, { method: 'POST', headers, body });
    return { status: response.status, body: await response.json() };
  };

  it('says how a body would be read, in each format, and stores nothing', async () => {
    const t = seconds(5);
    const expected = {
      knownBy: 'device and time',
      correctedByMs: 0,
      readings: [
        {
          i: 0,
          device: device.name,
          recordedAt: new Date(t).toISOString(),
          assigned: true,
          values: { spo2: 41, temp: 37 },
          flags: ['spo2Low'],
        },
      ],
      readingsTotal: 1,
      rejected: [],
      rejectedTotal: 0,
    };
    const values = { spo2: 41, temp: 98.6, tu: '[degF]' };
    const senml = [
      { bn: `${device.name}:`, bt: t / 1_000, n: 'spo2', v: 41 },
      { n: 'temp', u: '[degF]', v: 98.6 },
    ];
    const hl7Time = `${new Date(t).toISOString().replace(/[-:T]|Z$/g, '')}+0000`;
    const oru = [
      String.raw`MSH|^~\&|PICiX|ICU|HMS||${hl7Time}||ORU^R01|m-1|P|2.6`,
      `OBR|1||${device.name}||||${hl7Time}`,
      'OBX|1|NM|59408-5^^LN||41|%|||||F',
      'OBX|2|NM|8310-5^^LN||98.6|[degF]|||||F',
    ].join('\r');
    for (const [type, body] of [
      ['application/hl7-v2', oru],
      ['application/json', JSON.stringify({ readings: [reading(values, t)] })],
      ['application/x-ndjson', JSON.stringify(reading(values, t))],
      ['application/senml+json', JSON.stringify(senml)],
      ['text/plain', `vitals,device=${device.name},tu=[degF] spo2=41i,temp=98.6 ${t}`],
    ] as const) {
      expect(await explained(type, body)).toEqual({ status: 200, body: expected });
    }
    expect(await stored('1')).toEqual([]);
  });

  it('says of each reading that would be refused why, even of all', async () => {
    const body = JSON.stringify({
      batch: 'b',
      readings: [reading({ hr: 999 }), { d: 'nobody', t: seconds(1), hr: 1 }],
    });
    expect(await explained('application/json', body)).toMatchObject({
      status: 200,
      body: { knownBy: 'key', batch: 'b', readings: [], rejected: [{ i: 0 }, { i: 1, code: 'unknown_device' }] },
    });
  });
});

describe('a batch', () => {
  it('is stored, each value in its column, before it is answered', async () => {
    const t = seconds(5);
    const answer = await send({
      batch: 'first',
      cols: [
        'd',
        't',
        'hr',
        'pr',
        'rr',
        'spo2',
        'sys',
        'dia',
        'map',
        'asys',
        'adia',
        'amap',
        'temp',
        'etco2',
        'fio2',
        'o2',
        'acvpu',
      ],
      rows: [[device.name, t, 72, 71, 14, 97, 118, 76, 90, 120, 70, 88, 36.8, 35, 40, true, 'V']],
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      batch: 'first',
      accepted: 1,
      duplicates: 0,
      unassigned: 0,
      rejected: [],
      rejectedTotal: 0,
    });
    expect(
      await hospital.rows(`select *, acvpu::text as acvpu from {schema}.vitals where device_no = $1`, [device.no]),
    ).toMatchObject([
      {
        recorded_at: new Date(t),
        patient_id: device.patientId,
        heart_rate: 72,
        pulse_rate: 71,
        resp_rate: 14,
        spo2: 97,
        systolic: 118,
        diastolic: 76,
        mean_bp: 90,
        abp_systolic: 120,
        abp_diastolic: 70,
        abp_mean: 88,
        temperature: 36.8,
        etco2: 35,
        fio2: 40,
        on_oxygen: true,
        acvpu: 'V',
        clock_offset_ms: null,
        flags: 0,
      },
    ]);
  });

  it('may be readings as objects, with a device for all, times with zone, and Fahrenheit', async () => {
    const answer = await send({
      device: device.name,
      readings: [
        { t: '2020-01-01T00:00:00Z', hr: 60 },
        { t: new Date(seconds(9)).toISOString().replace('Z', '123+00:00'), temp: 98.6, tu: '[degF]' },
      ],
    });
    expect(answer.body).toMatchObject({
      accepted: 1,
      rejected: [{ i: 0, code: 'too_old', field: 't' }],
      rejectedTotal: 1,
    });
    expect(await stored('temperature, heart_rate')).toEqual([{ temperature: 37, heart_rate: null }]);
  });

  it('is stored when it comes compressed', async () => {
    const answer = await send(gzipSync(JSON.stringify({ readings: [reading({ hr: 61 })] })), {
      'content-encoding': 'gzip',
    });
    expect(answer.body).toMatchObject({ accepted: 1 });
  });

  it('keeps readings of a device nobody wears until an assignment claims them', async () => {
    const loose = `loose-${device.no}`;
    await hospital.rows(
      `insert into {schema}.device (id, external_id, gateway_id, kind, created_by, updated_by)
       values (gen_random_uuid(), $1, $2, 'other', $2, $2)`,
      [loose, gateway.id],
    );
    const answer = await send({ readings: [{ d: loose, t: seconds(1), hr: 70 }, reading({ hr: 71 })] });
    expect(answer.body).toMatchObject({ accepted: 2, unassigned: 1 });
    const found = await hospital.rows(
      `select patient_id, heart_rate from {schema}.vitals_unassigned where device_no = (select device_no from {schema}.device where external_id = $1)`,
      [loose],
    );
    expect(found).toEqual([{ patient_id: null, heart_rate: 70 }]);
  });
});

describe('a batch of which nothing can be accepted', () => {
  const values = { hr: 72 };
  const refusals: [code: string, status: number, readings: () => object[]][] = [
    ['telemetry.malformed', 422, () => [{ ...reading(values), d: 'no such name' }]],
    ['telemetry.unknown-code', 422, () => [reading({ hr: 72, pulse_ox: 97 })]],
    ['telemetry.unknown-device', 422, () => [{ ...reading(values), d: 'nobody-knows-me' }]],
    ['telemetry.missing-time', 422, () => [reading(values, null)]],
    ['telemetry.missing-zone', 422, () => [reading(values, '2026-01-01T00:00:00')]],
    ['telemetry.future-time', 422, () => [reading(values, seconds(-40))]],
    ['telemetry.too-old', 422, () => [reading(values, seconds(8 * 24 * 3_600))]],
    ['telemetry.out-of-range', 422, () => [reading({ hr: 351 })]],
    ['telemetry.not-a-number', 422, () => [reading({ hr: '72' })]],
    ['telemetry.inconsistent', 422, () => [reading({ sys: 80, dia: 90 })]],
    ['telemetry.empty', 422, () => [reading({ hr: null })]],
    ['telemetry.too-many-readings', 422, () => Array.from({ length: 5_001 }, () => reading(values))],
  ];

  it.each(refusals)('is answered with %s', async (code, status, readings) => {
    const answer = await send({ readings: readings() });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ type: `/problems/${code}`, code, status, requestId: expect.any(String) });
    expect(await stored('1')).toEqual([]);
  });

  it('is forbidden when every device belongs to another gateway', async () => {
    const foreign = await hospital.addGateway();
    const answer = await ingest.post(foreign.key, { readings: [reading(values), reading({ hr: 73 })] });
    expect(answer.body).toMatchObject({ code: 'telemetry.foreign-device', status: 403, rejectedTotal: 2 });
    const mixed = await ingest.post(foreign.key, { readings: [reading(values), { ...reading(values), d: 'nobody' }] });
    expect(mixed.body).toMatchObject({ code: 'telemetry.unknown-device', status: 422 });
    expect(await stored('1')).toEqual([]);
  });

  it('is refused when its device is disabled', async () => {
    await hospital.rows(`update {schema}.device set status = 'disabled' where device_no = $1`, [device.no]);
    const refused = await eventually(async () => {
      const { body } = await send({ readings: [reading(values, Date.now())] });
      return body['code'] === undefined ? undefined : body;
    });
    expect(refused).toMatchObject({ code: 'telemetry.disabled-device', status: 422 });
  });

  it.each([
    ['is not JSON', '{"readings":', 'request.malformed', 400],
    ['is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'request.malformed', 400],
    ['is no object', '[]', 'request.invalid', 422],
    ['has neither form', '{}', 'request.invalid', 422],
    ['has an unknown member', '{"readings":[],"sentAt":1}', 'request.invalid', 422],
    ['names a column twice', '{"cols":["hr","heart_rate"],"rows":[]}', 'request.invalid', 422],
    ['has a key that is too long', JSON.stringify({ batch: 'k'.repeat(65), readings: [{}] }), 'request.invalid', 422],
    [
      'says when it was sent without a zone',
      '{"sent_at":"2026-01-01T00:00:00","readings":[]}',
      'telemetry.missing-zone',
      422,
    ],
    ['has no readings', '{"readings":[]}', 'telemetry.empty', 422],
  ])('is refused as a whole when it %s', async (_, body, code, status) => {
    expect((await send(body)).body).toMatchObject({ code, status });
  });
});

describe('a batch sent again', () => {
  const batchOf = (...hr: number[]): object => ({
    readings: hr.map((value) => reading({ hr: value }, seconds(value))),
  });

  it('is stored once when it comes three times at once, and gets three equal answers', async () => {
    const batch = { batch: 'thrice', ...batchOf(70, 71, 999) };
    const answers = await Promise.all([1, 2, 3].map(() => send(batch)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const [first] = answers;
    expect(first?.body).toMatchObject({ accepted: 2, duplicates: 0, rejectedTotal: 1 });
    for (const { body } of answers) expect(body).toEqual(first?.body);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replay') === 'true')).toHaveLength(2);
    expect(await stored('1')).toHaveLength(2);
  });

  it('is answered as before when it comes later, also without a key, also to another process', async () => {
    const [keyed, bare] = [{ batch: 'later', ...batchOf(60, 61) }, batchOf(62, 63)];
    for (const batch of [keyed, bare]) {
      const first = await send({ ...batch, sent_at: Date.now() });
      const again = await send({ ...batch, sent_at: Date.now() + 1 });
      const elsewhere = await other.post(gateway.key, { ...batch, sent_at: new Date().toISOString() });
      expect(first.headers.get('idempotent-replay')).toBeNull();
      for (const answer of [again, elsewhere]) {
        expect(answer.headers.get('idempotent-replay')).toBe('true');
        expect(answer.body).toEqual(first.body);
      }
    }
    expect(await stored('1')).toHaveLength(4);
  });

  it('is refused when its key was used for other readings', async () => {
    await send({ batch: 'mine', ...batchOf(60) });
    for (const service of [ingest, other]) {
      const answer = await service.post(gateway.key, batchOf(90), { 'idempotency-key': 'mine' });
      expect(answer.body).toMatchObject({ code: 'telemetry.batch-key-reused', status: 409 });
    }
    expect(await stored('heart_rate')).toEqual([{ heart_rate: 60 }]);
  });

  it('is tried again when nothing of it could be accepted the first time', async () => {
    const name = `late-${device.no}`;
    const batch = { batch: 'early', readings: [{ d: name, t: seconds(1), hr: 70 }] };
    expect((await send(batch)).body).toMatchObject({ code: 'telemetry.unknown-device' });
    await hospital.rows(`update {schema}.device set external_id = $2 where device_no = $1`, [device.no, name]);
    expect((await send(batch)).body).toMatchObject({ accepted: 1 });
  });

  it('adds what a reading of the same device and time did not have', async () => {
    const t = seconds(3);
    expect((await send({ readings: [reading({ hr: 70, spo2: 96 }, t)] })).body).toMatchObject({ accepted: 1 });
    const answer = await send({ readings: [reading({ spo2: 97, rr: 15 }, t), reading({ hr: 80 }, seconds(2))] });
    expect(answer.body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(await stored('heart_rate, spo2, resp_rate')).toEqual([
      { heart_rate: 70, spo2: 97, resp_rate: 15 },
      { heart_rate: 80, spo2: null, resp_rate: null },
    ]);
  });

  it('folds readings of the same device and time within itself', async () => {
    const t = seconds(3);
    const answer = await send({ readings: [reading({ hr: 70 }, t), reading({ spo2: 97 }, t)] });
    expect(answer.body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(await stored('heart_rate, spo2')).toEqual([{ heart_rate: 70, spo2: 97 }]);
  });
});

describe('the clock of a gateway', () => {
  it('is corrected when it runs ahead, and the offset is kept', async () => {
    const ahead = 3_600_000;
    const sentAt = Date.now() + ahead;
    const answer = await send({ sent_at: sentAt, readings: [reading({ hr: 70 }, sentAt - 10_000)] });
    expect(answer.body).toMatchObject({ accepted: 1 });
    const [row] = await stored('recorded_at, clock_offset_ms, flags');
    expect(Math.abs((row?.['recorded_at'] as Date).getTime() - seconds(10))).toBeLessThan(5_000);
    expect(Math.abs((row?.['clock_offset_ms'] as number) + ahead)).toBeLessThan(5_000);
    expect(row?.['flags']).toBe(1);
  });

  it('is believed when it is behind: the batch may be late', async () => {
    const t = seconds(60);
    await send({ sent_at: new Date(t).toISOString(), readings: [reading({ hr: 70 }, t)] });
    expect(await stored('recorded_at, flags')).toEqual([{ recorded_at: new Date(t), flags: 1 }]);
  });
});

describe('the patient of a reading', () => {
  it('is who wore the device when it was recorded, however late it comes', async () => {
    const next = await hospital.addPatient();
    const moved = new Date(seconds(60));
    await hospital.reassign(device.name, next, moved);
    const at = (offset: number): object => reading({ hr: 70 }, moved.getTime() + offset);
    expect((await send({ readings: [at(-1), at(0), at(1_000)] })).body).toMatchObject({ accepted: 3 });
    expect((await stored('patient_id')).map((row) => row['patient_id'])).toEqual([device.patientId, next, next]);
  });
});

describe('what was committed', () => {
  it('is published to who watches the ward, with a position, and becomes the latest value', async () => {
    const redis = new Redis(variable('REDIS_URL'));
    const channel = vitalsChannel(hospital.hospital.id);
    const messages: WardVitals[] = [];
    redis.on('message', (_, text: string) => messages.push(JSON.parse(text) as WardVitals));
    await redis.subscribe(channel);
    const t = seconds(1);
    await send({ readings: [reading({ hr: 80, o2: true, acvpu: 'C' }, t - 1_000), reading({ temp: 38.2 }, t)] });
    const update = await eventually(() =>
      messages.flatMap(({ updates }) => updates).find(({ patientId }) => patientId === device.patientId),
    );
    expect(messages[0]?.wardId).toBe(hospital.wardId);
    expect(update).toEqual({
      patientId: device.patientId,
      recordedAt: new Date(t).toISOString(),
      values: { heartRate: 80, onOxygen: true, acvpu: 'C', temperature: 38.2 },
      position: expect.stringMatching(/^\d+$/),
    });
    await redis.quit();
    const latest = await eventually(async () => {
      const rows = await hospital.rows(
        'select code, value, recorded_at from {schema}.vitals_latest where patient_id = $1 order by code',
        [device.patientId],
      );
      return rows.length > 0 ? rows : undefined;
    });
    const earlier = new Date(t - 1_000);
    expect(latest).toEqual([
      { code: 'acvpu', value: 1, recorded_at: earlier },
      { code: 'heartRate', value: 80, recorded_at: earlier },
      { code: 'onOxygen', value: 1, recorded_at: earlier },
      { code: 'temperature', value: 38.2, recorded_at: new Date(t) },
    ]);
  });
});
