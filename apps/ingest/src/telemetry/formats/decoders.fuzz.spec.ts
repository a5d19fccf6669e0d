import { describe, expect, it } from '@jest/globals';
import { AppError, maxReadingsPerBatch } from '@hms/contracts';
import fc from 'fast-check';
import { cpuMs } from '../../testing/cpu-time.js';
import { at, sampleBodies, spoiltBodies } from '../../testing/sample-bodies.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { bodyText } from './body-text.js';
import { decodeBundle } from './fhir/bundle.js';
import { hl7Text } from './hl7/hl7-text.js';
import { parseMessage } from './hl7/message.js';
import { decodeOru } from './hl7/oru.js';
import { decodeJson } from './json.js';
import { decodeLineProtocol } from './line-protocol/decode.js';
import { decodeNdjson } from './ndjson.js';
import { decodeSenml } from './senml.js';
import { decodeThingsboard } from './thingsboard.js';

/*
 * What is right, made wrong: bodies are cut, doubled and spoilt, and nodes of documents are replaced. HMS_FUZZ_RUNS sets how
 * many each decoder gets (`npm run fuzz:nightly`: 100,000), FUZZ_SEED repeats a run.
 */

const numRuns = Number(process.env['HMS_FUZZ_RUNS'] ?? 2_000);
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Of one body of at most some hundred kilobytes. What is quadratic in the words of it takes seconds. */
const longestMs = 250;
const received = { at, idempotencyKey: '' };

type Decode = (body: Buffer) => TelemetryBatch;

const text =
  (decode: (body: string) => TelemetryBatch): Decode =>
  (body) =>
    decode(bodyText(body));
const decoders: Readonly<Record<keyof typeof sampleBodies, Decode>> = {
  'JSON of objects': text((body) => decodeJson(body, received)),
  'JSON of rows': text((body) => decodeJson(body, received)),
  NDJSON: text((body) => decodeNdjson(body, received)),
  SenML: text((body) => decodeSenml(body, received)),
  ThingsBoard: text((body) => decodeThingsboard(body, { ...received, device: 'mon-1' })),
  FHIR: text((body) => decodeBundle(body, received)),
  'line protocol': text((body) => decodeLineProtocol(body, received, 'ns')),
  HL7: (body) => {
    const message = hl7Text(body);
    return decodeOru(message, parseMessage(message), received, 'Europe/Dublin');
  },
};
const formats = Object.entries(decoders).map(
  ([name, decode]) => [name, decode, sampleBodies[name as keyof typeof sampleBodies]] as const,
);

/** Undefined for what was refused as it should be. */
function outcome(decode: Decode, body: Buffer): TelemetryBatch | undefined {
  try {
    return decode(body);
  } catch (err) {
    if (err instanceof AppError && err.spec.status < 500) return undefined;
    throw err;
  }
}

describe.each(formats)('%s, spoilt in any way,', (_, decode, body) => {
  it('is read or refused: nothing else, in bounded time and number, each reading plausible', () => {
    const property = fc.property(spoiltBodies(body), (spoilt) => {
      let batch: TelemetryBatch | undefined;
      expect(cpuMs(() => (batch = outcome(decode, spoilt)))).toBeLessThan(longestMs);
      if (!batch) return;
      expect(batch.readings.length + batch.rejected.length).toBeLessThanOrEqual(maxReadingsPerBatch);
      for (const { device, recordedAt, values } of batch.readings) {
        expect(device).toMatch(/^[A-Za-z0-9._:-]{1,64}$/);
        expect(Math.abs(recordedAt / 1_000 - at)).toBeLessThanOrEqual(8 * 24 * 3_600_000);
        expect(values.some((value) => Number.isFinite(value))).toBe(true);
      }
    });
    fc.assert(property, { seed, numRuns });
  }, 600_000);

  it('is read when it is not (control)', () => {
    const { readings, rejected } = decode(Buffer.from(body.sample));
    expect(readings.length).toBeGreaterThan(0);
    expect(rejected.map(({ code }) => code).filter((code) => code !== 'unsupported')).toEqual([]);
  });
});
