import { vitalByCode, type VitalCode } from '@hms/contracts';
import { indexOf } from '../../fields.js';
import type { StatedPatient } from '../../reading.js';
import type { TelemetryBatch } from '../../telemetry-batch.js';
import { digestOf, readEnvelope, toBatch, type Received } from '../envelope.js';
import { nameable } from '../json-reading.js';
import { MergedReadings, type Wrong } from '../merged-readings.js';
import type { Segment } from './message.js';
import { LocalClock } from './local-clock.js';
import { parseHl7Time, zoneOf } from './time.js';
import { readObx } from './value.js';

/** Not obtained, wrong, deleted: there is a gap, not a value (OBX-11, HL7 table 0085). */
const noResult: ReadonlySet<string> = new Set(['X', 'W', 'D']);
/** Numbers measure something; other entries may say what no vital sign is. */
const numeric: ReadonlySet<string> = new Set(['NM', 'SN']);

/** What holds for the entries below it. */
interface Context {
  readonly device: string;
  readonly time: string;
}

/**
 * Reads the vital signs of an unsolicited observation message, ORU^R01 of HL7 v2.3 to 2.8 or IHE PCD-01. An entry is taken by
 * its LOINC or MDC code; its device is in its own OBX-18, in that of the device entry above it, or in OBR-3; its time in
 * OBX-14 or OBR-7, in the zone of MSH-7 when they state none. Entries of one device and time are one reading.
 *
 * The patient is who wore the device then. PID-3 is held against that: its record numbers (type `MR`, or none) are what the
 * readings below it say of their patient.
 *
 * @param text of which the segments were read
 * @param timezone IANA name: of times that state no zone, where MSH-7 states none either
 * @returns a batch that may be empty: a message may tell of gaps only
 */
export function decodeOru(
  text: string,
  [header, ...segments]: readonly [Segment, ...Segment[]],
  received: Received,
  timezone?: string,
): TelemetryBatch {
  const envelope = readEnvelope(received, undefined, undefined);
  const merged = new MergedReadings({ receivedMs: received.at, clock: envelope.clock, device: undefined });
  const zone = zoneOf(header.get(7));
  const clock = timezone === undefined ? undefined : new LocalClock(timezone, received.at);
  let context: Context = { device: '', time: '' };
  let patient: StatedPatient | undefined;
  let index = -1;
  for (const segment of segments) {
    if (segment.name === 'PID') patient = patientOf(segment);
    if (segment.name === 'OBR') context = { device: segment.get(3), time: segment.get(7) };
    if (segment.name !== 'OBX') continue;
    index += 1;
    if (isDevice(segment)) context = { ...context, device: segment.get(18) };
    if (noResult.has(segment.get(11)) || !segment.has(5)) continue;
    const sign = signOf(segment);
    if (sign === undefined && !numeric.has(segment.get(2))) continue;
    const observed = observationOf(segment, sign, context, { zone, clock });
    if ('code' in observed) merged.refuse(index, observed);
    else {
      const { device, at, to, value } = observed;
      merged.add({ index, device, at, values: [[to, value]], patient });
    }
  }
  return toBatch(envelope, merged.finish(), () => digestOf(text));
}

const maxIdentifiers = 20;

/** Undefined when none of its identifiers can be compared: national ones are sealed, numbers of visits are no patient's. */
function patientOf(segment: Segment): StatedPatient | undefined {
  const count = Math.min(segment.repetitions(3), maxIdentifiers);
  const stated = Array.from({ length: count }, (_, i) => i)
    .filter((i) => ['', 'MR'].includes(segment.get(3, 5, i)))
    .map((i) => segment.get(3, 1, i))
    .filter((id) => id !== '' && id !== '""');
  return stated.length === 0 ? undefined : { ids: stated, mrns: stated };
}

/** An entry without value that names its device: the MDS of PCD-01's containment tree. */
const isDevice = (segment: Segment): boolean => !segment.has(5) && segment.has(18);

interface Zone {
  readonly zone: string;
  readonly clock: LocalClock | undefined;
}

interface Observation {
  readonly to: number;
  readonly device: string;
  readonly at: number;
  readonly value: unknown;
}

const signOf = (segment: Segment): VitalCode | undefined =>
  vitalByCode(segment.get(3, 3), segment.get(3)) ?? vitalByCode(segment.get(3, 6), segment.get(3, 4));

function observationOf(
  segment: Segment,
  sign: VitalCode | undefined,
  context: Context,
  { zone, clock }: Zone,
): Observation | Wrong {
  const field = nameable(segment.get(3));
  if (sign === undefined) return { code: 'unknown_field', field };
  const to = indexOf(sign);
  const read = readObx(segment, to);
  if ('code' in read) return { code: read.code, field };
  const at = parseHl7Time(segment.get(14) || context.time, zone, clock);
  if (typeof at === 'string') return { code: at, field };
  return { to, at, value: read.value, device: segment.get(18) || context.device };
}
