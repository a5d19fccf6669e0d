import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { AppError, maxReadingsPerBatch, toProblem } from '@hms/contracts';
import fc from 'fast-check';
import { at, sampleBodies, spoiltBodies } from '../../testing/sample-bodies.js';
import { refusedDevice } from '../reading.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { decodeJob, type DecodingJob, type Reader } from './decoding-job.js';
import { batchOf, buffersOf, outcomeOf } from './outcome.js';

const numRuns = Number(process.env['HMS_FUZZ_RUNS'] ?? 200);
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const readers: Readonly<Record<string, [reader: Reader, contentType: string]>> = {
  'JSON of objects': [{ format: 'body' }, 'application/json'],
  'JSON of rows': [{ format: 'body' }, 'application/json; charset=utf-8'],
  NDJSON: [{ format: 'body' }, 'application/x-ndjson'],
  SenML: [{ format: 'body' }, 'application/senml+json'],
  FHIR: [{ format: 'bundle' }, 'application/fhir+json'],
  'line protocol': [{ format: 'lines', precisions: ['ns'] }, 'text/plain'],
};

const jobOf = (format: string, body: Uint8Array, change: Partial<DecodingJob> = {}): DecodingJob => {
  const [reader = { format: 'body' as const }, contentType = ''] = readers[format] ?? [];
  const head = { contentType, contentEncoding: '', query: '', idempotencyKey: '' };
  return { reader, ...head, maxBytes: 100_000, at, body: new Uint8Array(body), ...change };
};

/** Everything of it that is looked at later on. */
function seen(decode: () => TelemetryBatch): object {
  try {
    const { digest, ...batch } = decode();
    return { batch, digest: digest().toString('hex'), devices: batch.rejected.map(refusedDevice) };
  } catch (err) {
    if (!(err instanceof AppError)) throw err;
    return { problem: toProblem(err, 'r'), spec: err.spec, retryAfter: err.retryAfter };
  }
}

/** As it comes back from another thread. */
function across(job: DecodingJob): TelemetryBatch {
  const outcome = outcomeOf(structuredClone(job));
  return batchOf(structuredClone(outcome, { transfer: buffersOf(outcome) }));
}

describe('what is decoded in another thread', () => {
  it.each(Object.keys(readers))(
    'is what would have been decoded here, whatever it is: %s',
    (format) => {
      const property = fc.property(spoiltBodies(sampleBodies[format as keyof typeof sampleBodies]), (body) => {
        expect(seen(() => across(jobOf(format, body)))).toStrictEqual(seen(() => decodeJob(jobOf(format, body))));
      });
      fc.assert(property, { seed, numRuns });
    },
    600_000,
  );

  it.each(Object.keys(readers))('is read when it is right (control): %s', (format) => {
    const body = Buffer.from(sampleBodies[format as keyof typeof sampleBodies].sample);
    expect(across(jobOf(format, body)).readings.length).toBeGreaterThan(0);
  });

  it('keeps clocks, patients, waveforms and names of refused devices', () => {
    const b64 = Buffer.alloc(8).toString('base64');
    const readings = [
      { d: 'mon-1', t: at, hr: 70, w: { lead: 'II', hz: 250, b64 } },
      { d: 'mon-2', t: at, hr: 999 },
      { d: 'mon-2', t: at, hr: 71 },
    ];
    const json = { batch: 'b', sent_at: at - 5_000, readings };
    const batch = across(jobOf('JSON of objects', Buffer.from(JSON.stringify(json))));
    expect(batch).toMatchObject({ key: 'b', clockOffsetMs: 5_000 });
    expect(batch.readings.map(({ device, clockOffsetMs }) => [device, clockOffsetMs])).toEqual([
      ['mon-1', 5_000],
      ['mon-2', 5_000],
    ]);
    expect(batch.readings.map(({ waveforms }) => waveforms?.length)).toEqual([1, undefined]);
    expect(batch.rejected.map((refused) => [refused.i, refusedDevice(refused)])).toEqual([[1, 'mon-2']]);
    const [observed] = across(jobOf('FHIR', Buffer.from(sampleBodies.FHIR.sample))).readings;
    expect(observed?.patient?.mrns).toContain('1');
  });

  it.each([
    ['is no gzip', Buffer.from('{}'), 'request.malformed'],
    ['inflates beyond what it may', gzipSync(Buffer.alloc(100_001, ' ')), 'body.too-large'],
  ])('is refused as here when it %s', (_, body, code) => {
    const job = jobOf('JSON of objects', body, { contentEncoding: 'gzip' });
    expect(seen(() => across(job))).toMatchObject({ problem: { code } });
    expect(seen(() => across(job))).toStrictEqual(seen(() => decodeJob(job)));
  });

  it('is inflated there', () => {
    const body = gzipSync(Buffer.from(sampleBodies['JSON of rows'].sample));
    expect(across(jobOf('JSON of rows', body, { contentEncoding: 'gzip' })).readings).toHaveLength(2);
  });

  it('takes none of what was sent along with a refusal but what the sender is told', () => {
    const outcome = outcomeOf(jobOf('JSON of objects', Buffer.from('{"secret')));
    expect(outcome).toMatchObject({ refused: { code: 'request.malformed' } });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  it('is as many readings as a batch may have', () => {
    const rows = Array.from({ length: maxReadingsPerBatch }, (_, i) => ['mon-1', at - i, 60 + (i % 60)]);
    const body = Buffer.from(JSON.stringify({ cols: ['d', 't', 'hr'], rows }));
    const job = jobOf('JSON of rows', body, { maxBytes: body.length });
    expect(across(job).readings).toStrictEqual(decodeJob(job).readings);
  });
});
