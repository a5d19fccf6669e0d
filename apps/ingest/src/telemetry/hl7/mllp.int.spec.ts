import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { useBedside } from '../../testing/bedside.js';
import { Client, Message, type InboundResponse } from 'node-hl7-client';
import { eventually } from '../../testing/eventually.js';
import { TestHospital, type TestGateway } from '../../testing/test-hospital.js';
import { freePort } from '../../testing/test-ingest.js';
import { Room } from '../room.js';
import { MllpFrames, toFrame } from './mllp-frames.js';

let port: number;
const bed = useBedside(async () => {
  port = await freePort();
  return { env: { MLLP_PORT: String(port) } };
});

const stored = (): Promise<Record<string, unknown>[]> =>
  bed.hospital.rows('select heart_rate from {schema}.vitals where device_no = $1 order by recorded_at', [
    bed.device.no,
  ]);
const hl7Time = (ms: number): string => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`;
const oru = (id: string, rate: number, ms: number, key = bed.gateway.key): string =>
  [
    String.raw`MSH|^~\&|PICiX|ICU|HMS||${hl7Time(Date.now())}|${key}|ORU^R01^ORU_R01|${id}|P|2.6|||AL|NE||UNICODE UTF-8`,
    `OBR|1|||69965^MDS^MDC|||${hl7Time(ms)}`,
    `OBX|1|NM|147842^^MDC||${rate}|264864^^MDC|||||F|||||||${bed.device.name}`,
  ]
    .map((segment) => `${segment}\r`)
    .join('');

/** What comes back on a connection of its own, once as many answers as wanted are there or it was closed. */
async function exchange(bytes: Buffer, answers: number): Promise<string[]> {
  const socket: Socket = connect(port, '127.0.0.1');
  const frames = new MllpFrames(10_000, new Room({ shared: 0, each: 20_000 }).share());
  const seen: string[] = [];
  socket.write(bytes);
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      for (const frame of frames.push(chunk)) seen.push(frame.toString().split('\r')[1] ?? '');
      if (seen.length >= answers) resolve();
    });
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
  socket.destroy();
  return seen;
}

const letIn = (hospital: TestHospital, { id }: TestGateway, application: string, network: string): Promise<unknown> =>
  hospital.owner.query(
    `insert into public.hl7_source (id, hospital_id, gateway_id, network, application, facility, timezone)
     values (gen_random_uuid(), $1, $2, $3, $4, 'ICU', 'Asia/Kolkata')`,
    [hospital.hospital.id, id, network, application],
  );

describe('HL7 over MLLP', () => {
  it('is what node-hl7-client speaks', async () => {
    const client = new Client({ host: '127.0.0.1' });
    const answered = new Promise<InboundResponse>((resolve) => {
      const outbound = client.createConnection({ port }, (response) => resolve(response));
      void outbound.sendMessage(new Message({ text: oru('m-1', 72, Date.now() - 5_000).trimEnd() }));
    });
    const response = await answered;
    expect(response.getMessage().get('MSA.1').toString()).toBe('CA');
    expect(response.getMessage().get('MSA.2').toString()).toBe('m-1');
    expect(await stored()).toEqual([{ heart_rate: 72 }]);
    client.closeAll();
  });

  it('is answered in order, each after its commit, however the bytes arrive', async () => {
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const t = Date.now() - 60_000;
    const frames = Buffer.concat(ids.map((id, i) => toFrame(oru(id, 60 + i, t + i * 1_000))));
    expect(await exchange(frames, ids.length)).toEqual(ids.map((id) => `MSA|CA|${id}`));
    expect(await stored()).toEqual(ids.map((_, i) => ({ heart_rate: 60 + i })));
  });

  it('is refused without a gateway key, and nothing is stored', async () => {
    for (const key of ['', 'dk_aaaaaaaaaaaa_' + 'b'.repeat(43)])
      expect(await exchange(toFrame(oru('m-2', 70, Date.now(), key)), 1)).toEqual(['MSA|CR|m-2']);
    expect(await stored()).toEqual([]);
  });

  it('is taken without a key from where an operator let it in, in its own zone', async () => {
    const local = (ms: number): string => hl7Time(ms + 5.5 * 3_600_000).slice(0, 14);
    const t = Math.floor(Date.now() / 1_000) * 1_000 - 5_000;
    const message = (application: string): Buffer =>
      toFrame(
        oru('m-3', 71, t, '')
          .replace('PICiX', application)
          .replace(/\|[^|]*\+0000\|/, `|${local(Date.now())}|`)
          .replace(hl7Time(t), local(t)),
      );
    const allow = (application: string, network: string): Promise<unknown> =>
      letIn(bed.hospital, bed.gateway, application, network);
    const [here, elsewhere] = [`here-${bed.device.no}`, `elsewhere-${bed.device.no}`];
    await allow(elsewhere, '10.1.0.0/16');
    await allow(here, '127.0.0.0/8');
    const acknowledged = (): Promise<true | undefined> =>
      exchange(message(here), 1).then(([ack]) => (ack === 'MSA|CA|m-3' ? true : undefined));
    expect(await eventually(acknowledged)).toBe(true);
    expect(await exchange(message(elsewhere), 1)).toEqual(['MSA|CR|m-3']);
    const rows = await bed.hospital.rows('select recorded_at from {schema}.vitals where device_no = $1', [
      bed.device.no,
    ]);
    expect(rows).toEqual([{ recorded_at: new Date(t) }]);
    await expect(allow(here, '127.0.0.1/32')).rejects.toThrow('hl7_source_no_overlap');
  });

  it('is held to the quota of a hospital that is known by address, and told to come again', async () => {
    const other = await TestHospital.create();
    const own = await other.addGateway();
    const [monitor] = await other.addDevices(own, 1);
    await other.owner.query('update public.hospital set telemetry_rows_per_second = 1 where id = $1', [
      other.hospital.id,
    ]);
    const application = `quota-${bed.device.name}`;
    await letIn(other, own, application, '127.0.0.0/8');
    const message = (id: string): Buffer => {
      const [header = '', , value = ''] = oru(id, 70, Date.now(), '').replace('PICiX', application).split('\r');
      const at = (i: number): string => `|F|||${hl7Time(Date.now() - i * 1_000)}||||`;
      const values = Array.from({ length: 20 }, (_, i) =>
        value.replace('|F|||||||', at(i)).replace(bed.device.name, ''),
      );
      return toFrame([header, ...values.map((each) => `${each}${monitor?.name ?? ''}`)].join('\r'));
    };
    const first = (): Promise<true | undefined> =>
      exchange(message('m-5'), 1).then(([ack]) => (ack === 'MSA|CA|m-5' ? true : undefined));
    expect(await eventually(first)).toBe(true);
    expect(await exchange(message('m-6'), 1)).toEqual(['MSA|CE|m-6']);
    await other.drop();
  });

  it('of another patient than who wears the device is refused, told of, and never given to either', async () => {
    const withPid = (pid: string): Buffer =>
      toFrame(oru('m-4', 71, Date.now() - 5_000).replace('\rOBR', `\rPID|1||${pid}\rOBR`));
    const before = await bed.ingest.metric('ingest_wrong_patient_total');
    const counts = (): Promise<number[]> =>
      Promise.all([
        bed.ingest.metric('ingest_hl7_messages_total', 'ack="AR"'),
        bed.ingest.metric('ingest_rows_total', 'result="rejected"'),
      ]);
    const [refused = 0, rejected = 0] = await counts();
    expect(await exchange(withPid('12345^^^HOSP^MR'), 1)).toEqual(['MSA|CR|m-4']);
    expect(await counts()).toEqual([refused + 1, rejected + 1]);
    expect(await bed.ingest.metric('ingest_wrong_patient_total')).toBe(before + 1);
    expect(bed.ingest.log).toContain('readings name a patient who did not wear the device');
    expect(await stored()).toEqual([]);
    const letters =
      "select reason, stated, reading ->> 'heart_rate' as rate from {schema}.telemetry_dead_letter where device = $1";
    const stated = { ids: ['12345'], mrns: ['12345'] };
    expect(await bed.hospital.rows(letters, [bed.device.name])).toEqual([
      { reason: 'wrong_patient', stated, rate: '71' },
    ]);
    const mrn = bed.device.patientId.slice(-12);
    expect(await exchange(withPid(`999^^^NAT^NI~${mrn}^^^HOSP^MR`), 1)).toEqual(['MSA|CA|m-4']);
    expect(await stored()).toEqual([{ heart_rate: 71 }]);
  });

  it('of a time nobody wore the device is claimed by the patient it names, and by nobody else', async () => {
    const { hospital, device } = bed;
    const t = Date.now() - 5_000;
    const other = await hospital.addPatient();
    const worn = { from: new Date(t - 60_000), until: new Date(t + 60_000) };
    const takeOff = (): Promise<unknown> =>
      hospital.rows(
        'delete from {schema}.device_assignment a using {schema}.device d where d.id = a.device_id and d.device_no = $1',
        [device.no],
      );
    await takeOff();
    const message = oru('m-7', 71, t).replace('\rOBR', `\rPID|1||${device.patientId.slice(-12)}^^^HOSP^MR\rOBR`);
    expect(await exchange(toFrame(message), 1)).toEqual(['MSA|CA|m-7']);
    await hospital.assign(device.name, other, worn);
    expect(await stored()).toEqual([]);
    await takeOff();
    await hospital.assign(device.name, device.patientId, worn);
    expect(await stored()).toEqual([{ heart_rate: 71 }]);
    // It was claimed by the patient it names, so it is not lost to the next one either.
    await hospital.rows('update {schema}.device_assignment set patient_id = $2 where patient_id = $1', [
      device.patientId,
      other,
    ]);
    expect(await stored()).toEqual([]);
  });

  it('for the patient it names goes to no other when the assignment is corrected', async () => {
    const { hospital, device } = bed;
    const other = await hospital.addPatient();
    const message = oru('m-8', 71, Date.now() - 5_000);
    const named = message.replace('\rOBR', `\rPID|1||${device.patientId.slice(-12)}\rOBR`);
    expect(await exchange(toFrame(named), 1)).toEqual(['MSA|CA|m-8']);
    expect(await stored()).toEqual([{ heart_rate: 71 }]);
    await hospital.rows('update {schema}.device_assignment set patient_id = $2 where patient_id = $1', [
      device.patientId,
      other,
    ]);
    expect(await stored()).toEqual([]);
    expect(await hospital.count('vitals_unassigned', 'device_no = $1', [device.no])).toBe(1);
  });

  it('that cannot be read is refused where its header says whom to answer, and the connection goes on', async () => {
    const t = Date.now() - 5_000;
    const named = (text: string): Buffer => toFrame(text.replace('UNICODE UTF-8', 'GB 18030-2000') + 'PID|1||\u00fc\r');
    const notUtf8 = Buffer.from(named(oru('m-9', 70, t)).toString(), 'latin1');
    const bytes = [notUtf8, '\r\n', toFrame(oru('', 70, t)), toFrame(oru('m-10', 72, t)), 'x'];
    expect(await exchange(Buffer.concat(bytes.map((each) => Buffer.from(each))), 3)).toEqual([
      'MSA|CR|m-9',
      'MSA|CR|',
      'MSA|CA|m-10',
    ]);
    expect(await stored()).toEqual([{ heart_rate: 72 }]);
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a frame without a message', toFrame('hello')],
    ['a frame without end', Buffer.concat([Buffer.from([0x0b]), Buffer.alloc(1_100_000, 'x')])],
  ])('closes the connection for %s, and goes on', async (_, bytes) => {
    expect(await exchange(bytes, 1)).toEqual([]);
    expect(await bed.ingest.isReady()).toBe(true);
  });
});
