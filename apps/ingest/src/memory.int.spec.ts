import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { useBedside } from './testing/bedside.js';
import { eventually } from './testing/eventually.js';
import { TestIngest } from './testing/test-ingest.js';

/** V8 ends a process that needs more heap. */
const env = { NODE_OPTIONS: '--max-old-space-size=192' };
const bed = useBedside(() => ({ env }));
const keepsWhatItParses = join(import.meta.dirname, 'testing/keeps-what-it-parses.mjs');

const MB = 1024 * 1024;
/** As often as it fits. */
const filled = (piece: string, bytes: number, [before, after]: readonly [string, string] = ['', '']): string =>
  before + piece.repeat(Math.floor((bytes - before.length - after.length) / piece.length)) + after;
const listed = ['{"readings":[', '{}]}'] as const;
const hl7 = String.raw`MSH|^~\&|a|b|c|d|20260101000000+0000||ORU^R01|1|P|2.6` + '\r';

/** The largest body of each format that is let in, of what takes most room when it is parsed. */
const bodies: [what: string, path: string, type: string, body: string][] = [
  ['JSON, of empty readings', '/telemetry', 'application/json', filled('{},', 4 * MB, listed)],
  ['JSON, of ever deeper lists', '/telemetry', 'application/json', filled('[', 4 * MB)],
  ['NDJSON, of short lines', '/telemetry', 'application/x-ndjson', filled('{}\n', 4 * MB)],
  ['SenML, of empty records', '/telemetry', 'application/senml+json', filled('{},', 4 * MB, ['[', '{}]'])],
  ['line protocol, of short lines', '/api/v2/write', 'text/plain', filled('v a=1\n', 5 * MB)],
  ['line protocol, of one line', '/api/v2/write', 'text/plain', filled('a=1,', 5 * MB, ['v ', 'a=1'])],
  ['HL7, of empty fields', '/telemetry/hl7', 'application/hl7-v2', filled('|', MB, [`${hl7}OBX|`, ''])],
  ['HL7, of short segments', '/telemetry/hl7', 'application/hl7-v2', filled('OBX\r', MB, [hl7, ''])],
  [
    'FHIR, of empty entries',
    '/telemetry/fhir',
    'application/fhir+json',
    filled('{},', 8 * MB, ['{"resourceType":"Bundle","type":"batch","entry":[', '{}]}']),
  ],
];

const send = (path: string, type: string, body: string, to = bed.ingest): Promise<number> =>
  fetch(`${to.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bed.gateway.key}`, 'content-type': type },
    body,
  }).then(({ status }) => status);

describe('the largest bodies there are, two at a time,', () => {
  it.each(bodies)('need no more memory than there is: %s', async (_, path, type, body) => {
    const statuses = await Promise.all([send(path, type, body), send(path, type, body)]);
    for (const status of statuses) expect([200, 400, 413, 422, 503]).toContain(status);
    const reading = { d: bed.device.name, t: Date.now(), hr: 70 };
    await eventually(
      async () => (await bed.ingest.post(bed.gateway.key, { readings: [reading] })).status === 200 || undefined,
    );
    expect(bed.ingest.log).not.toContain('the decoding thread died');
  });

  it('end a process that keeps what it parsed (control)', async () => {
    const leaking = await TestIngest.start({ entry: keepsWhatItParses, env });
    const [, path, type, body] = bodies[0] ?? ['', '', '', ''];
    await eventually(async () => {
      const died = await send(path, type, body, leaking).then(
        () => false,
        () => true,
      );
      return died || undefined;
    }, 30_000);
    expect(leaking.log).toContain('heap out of memory');
  }, 40_000);
});
