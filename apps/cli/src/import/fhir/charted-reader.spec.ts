import { vitalSigns } from '@hms/contracts';
import type { JsonObject } from '@hms/fhir';
import { chartedReader } from './charted-reader.js';

const window = { from: Date.UTC(1906, 0, 1), now: Date.UTC(2026, 0, 1) };
const read = chartedReader({
  patients: { identityOf: ({ reference }) => ({ ids: [String(reference)], identifiers: [] }) },
  matcher: { match: ({ ids: [id = ''] }) => Promise.resolve(id === 'p1' ? id : { code: 'unknown_patient' }) },
  window,
});
const verdict = (resource: JsonObject): Promise<unknown> =>
  Promise.resolve(read({ line: 7, said: { resource, url: undefined }, next: { byte: 0, line: 8 } }));

const coded = (code: string): JsonObject => ({ coding: [{ system: 'http://loinc.org', code }] });
const quantity = (value: number, unit: string): JsonObject => ({ valueQuantity: { value, code: unit } });
const observation = (members: JsonObject): JsonObject => ({
  ...{ resourceType: 'Observation', status: 'final', subject: { reference: 'p1' } },
  ...{ effectiveDateTime: '1955-03-01T08:30:00+01:00', ...members },
});
const pressure = (...components: JsonObject[]): JsonObject =>
  observation({ code: coded('85354-9'), component: components });
const systolic = { code: coded('8480-6'), ...quantity(134.459, 'mm[Hg]') };
const diastolic = { code: coded('8462-4'), ...quantity(78.716, 'mm[Hg]') };
const valuesOf = (stated: Readonly<Record<string, number>>): unknown =>
  vitalSigns.map(({ code }) => stated[code] ?? null);

describe('an Observation that no device took', () => {
  it('is charted for its patient, however old, without what is no vital sign', async () => {
    const cuff = { code: coded('8358-4'), valueString: 'large' };
    expect(await verdict(pressure(diastolic, systolic, cuff))).toEqual({
      line: 7,
      patientId: 'p1',
      micros: Date.UTC(1955, 2, 1, 7, 30) * 1_000,
      values: valuesOf({ systolic: 134, diastolic: 79 }),
      flags: 0,
    });
  });

  it.each([
    ['a weight', observation({ code: coded('29463-7'), ...quantity(80, 'kg') })],
    ['a weight entered in error', observation({ status: 'entered-in-error', code: coded('29463-7') })],
    ['a gap', observation({ code: coded('8867-4'), dataAbsentReason: {} })],
    [
      'an ECG',
      observation({
        code: { coding: [{ system: 'urn:iso:std:iso:11073:10101', code: '131330' }] },
        valueSampledData: { data: '1' },
      }),
    ],
    ['a patient', { resourceType: 'Patient' }],
    ['nothing', {}],
  ])('is left out: %s', async (_, resource) => {
    expect(await verdict(resource)).toBeUndefined();
  });

  const pulse = { code: coded('8867-4'), ...quantity(72, '/min') };
  it.each([
    ['entered in error', { ...pulse, status: 'entered-in-error' }, 'unsupported', 'status'],
    ['of nobody known', { ...pulse, subject: { reference: 'p2' } }, 'unknown_patient', undefined],
    ['of a day', { ...pulse, effectiveDateTime: '2016-01-01' }, 'malformed', 't'],
    ['without a time', { ...pulse, effectiveDateTime: undefined }, 'missing_time', 't'],
    ['of the future', { ...pulse, effectiveDateTime: '2026-01-01T00:01:00Z' }, 'future_timestamp', 't'],
    ['before anybody was born', { ...pulse, effectiveDateTime: '1850-01-01T00:00:00Z' }, 'too_old', 't'],
    ['beyond what a body can have', { ...pulse, ...quantity(999, '/min') }, 'out_of_range', 'hr'],
    ['in another unit', { ...pulse, ...quantity(72, 'kg') }, 'malformed', '8867-4'],
  ])('is refused when it is %s', async (_, members, code, field) => {
    const refused = field === undefined ? { line: 7, code } : { line: 7, code, field };
    expect(await verdict(observation(members))).toEqual(refused);
  });

  it('is refused when its pressures contradict each other', async () => {
    expect(await verdict(pressure({ ...systolic, ...quantity(60, 'mm[Hg]') }, diastolic))).toEqual({
      ...{ line: 7, code: 'inconsistent', field: 'dia' },
    });
  });
});
