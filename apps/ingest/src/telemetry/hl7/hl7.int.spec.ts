import { describe, expect, it } from '@jest/globals';
import { useBedside } from '../../testing/bedside.js';

const bed = useBedside();

const stored = (): Promise<Record<string, unknown>[]> =>
  bed.hospital.rows('select heart_rate, spo2 from {schema}.vitals where device_no = $1', [bed.device.no]);

interface Acknowledged {
  readonly status: number;
  readonly type: string | null;
  /** The fields of each segment behind its name. */
  readonly segments: readonly string[][];
}

const post = (path: string, segments: readonly string[]): Promise<Response> =>
  fetch(`${bed.ingest.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/hl7-v2', authorization: `Bearer ${bed.gateway.key}` },
    body: segments.map((segment) => `${segment}\r`).join(''),
  });

async function send(...segments: string[]): Promise<Acknowledged> {
  const response = await post('/telemetry/hl7', segments);
  const answer = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    segments: answer
      .trimEnd()
      .split('\r')
      .map((segment) => segment.split('|')),
  };
}

const hl7Time = (ms: number): string => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`;
const msh = (id: string, type = 'ORU^R01^ORU_R01'): string =>
  String.raw`MSH|^~\&|PICiX|ICU|HMS||${hl7Time(Date.now())}||${type}|${id}|P|2.6||||||UNICODE UTF-8`;
const obr = (ms: number): string => `OBR|1|||69965^MDS^MDC|||${hl7Time(ms)}`;
const mds = (): string => `OBX|1||69965^MDS^MDC|1.0.0.0|||||||X|||||||${bed.device.name}`;
const value = (code: string, number: string, unit: string): string =>
  `OBX|2|NM|${code}^^MDC|1.2.1.1|${number}|${unit}^^MDC|||||F`;

describe('an HL7 message over HTTP', () => {
  it('is acknowledged once it is committed, and again when it is sent again', async () => {
    const message = [
      msh('m-1'),
      `PID|1||${bed.device.patientId.slice(-12)}^^^HOSP^MR`,
      obr(Date.now() - 5_000),
      mds(),
      value('147842', '72', '264864'),
      value('150456', '97', '262688'),
    ];
    for (let i = 0; i < 2; i += 1) {
      const { status, type, segments } = await send(...message);
      expect([status, type, segments[1], segments.length]).toEqual([
        200,
        'application/hl7-v2; charset=utf-8',
        ['MSA', 'AA', 'm-1'],
        2,
      ]);
      expect(await stored()).toEqual([{ heart_rate: 72, spo2: 97 }]);
    }
  });

  it('is warned of what was not taken, and refused when that was all', async () => {
    const begin = [msh('m-2'), obr(Date.now() - 5_000), mds()];
    const some = await send(...begin, value('147842', '72', '264864'), value('1', '5', '262688'));
    expect([some.status, some.segments[1], some.segments[2]?.[2]]).toEqual([200, ['MSA', 'AA', 'm-2'], 'OBX^3']);
    const none = await send(...begin, value('147842', '999', '264864'));
    expect([none.status, none.segments[1]]).toEqual([422, ['MSA', 'AR', 'm-2']]);
  });

  it('of gaps only is acknowledged, and of another type is not for us', async () => {
    const gaps = await send(msh('m-3'), obr(Date.now()), mds(), value('147842', '', '264864'));
    expect([gaps.status, gaps.segments[1]]).toEqual([200, ['MSA', 'AA', 'm-3']]);
    const admission = await send(msh('m-4', 'ADT^A01^ADT_A01'), 'EVN|A01');
    expect([admission.status, admission.segments[1]]).toEqual([422, ['MSA', 'AR', 'm-4']]);
    expect(await stored()).toEqual([]);
  });

  it('that is none is a problem', async () => {
    expect(await send('PID|1')).toMatchObject({ status: 400, type: 'application/problem+json' });
    expect(await send(msh(''))).toMatchObject({ status: 400, type: 'application/problem+json' });
  });

  it('is explained without being stored, however long it is, when it could be taken', async () => {
    const explained = async (...segments: string[]): Promise<unknown> =>
      (await post('/telemetry/explain', segments)).json();
    expect(await explained(msh('m-5', 'ADT^A01'))).toMatchObject({ status: 422, code: 'telemetry.unsupported' });
    const note = `NTE|${'x'.repeat(100_000)}`;
    const [good, bad] = ['72', 'high'].map((rate) => value('147842', rate, '264864'));
    expect(await explained(msh('m-6'), note, obr(Date.now()), mds(), good ?? '', bad ?? '')).toMatchObject({
      readings: [{ i: 1, device: bed.device.name, values: { hr: 72 } }],
      rejected: [{ i: 2, code: 'not_a_number' }],
    });
    expect(await stored()).toEqual([]);
  });
});
