import { describe, expect, it } from '@jest/globals';
import { vitalFromNumber, vitalSigns } from '@hms/contracts';
import type { Reading } from '../../reading.js';
import { decodeBundle, type FhirBundle } from './bundle.js';

const at = Date.UTC(2026, 0, 1, 8);
const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';

interface Waves {
  readonly samples: readonly number[];
}
type Resource = Readonly<Record<string, unknown>>;
const coded = (code: string, system = loinc): Resource => ({ coding: [{ system, code }] });
const quantity = (value: number, code: string): Resource => ({ valueQuantity: { value, system: ucum, code } });
const observation = (members: Resource): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  category: [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
  ],
  effectiveDateTime: '2026-01-01T09:00:00+01:00',
  device: { identifier: { value: 'mon-1' } },
  ...members,
});
const heartRate = observation({ code: coded('8867-4'), ...quantity(44, '/min') });
const bloodPressure = observation({
  code: coded('85354-9'),
  component: [
    { code: coded('8480-6'), ...quantity(107, 'mm[Hg]') },
    { code: coded('8462-4'), ...quantity(60, 'mm[Hg]') },
  ],
});

function decode(resources: readonly unknown[], members: Resource = {}): FhirBundle {
  const entry = resources.map((resource) => ({ resource, request: { method: 'POST', url: 'Observation' } }));
  const bundle = { resourceType: 'Bundle', type: 'batch', entry, ...members };
  return decodeBundle(JSON.stringify(bundle), { at: at + 1_000, idempotencyKey: '' });
}
const valuesOf = ({ values }: Reading): Record<string, unknown> =>
  Object.fromEntries(
    vitalSigns.flatMap(({ wire, code }, i) => {
      const value = values[i] ?? NaN;
      return Number.isNaN(value) ? [] : [[wire, vitalFromNumber(code, value)]];
    }),
  );
const only = (resource: Resource): Reading | undefined => decode([resource]).readings[0];

describe('a FHIR Bundle', () => {
  it.each([
    ['a heart rate', heartRate, { hr: 44 }],
    ['a blood pressure, by its components', bloodPressure, { sys: 107, dia: 60 }],
    [
      'a saturation under two codes',
      observation({
        code: { coding: [...['2708-6', '59408-5'].map((code) => ({ system: loinc, code }))] },
        ...quantity(95, '%'),
      }),
      { spo2: 95 },
    ],
    ['Fahrenheit', observation({ code: coded('8310-5'), ...quantity(97.7, '[degF]') }), { temp: 36.5 }],
    ['kilopascal', observation({ code: coded('19889-5'), ...quantity(5, 'kPa') }), { etco2: 38 }],
    [
      'an MDC code',
      observation({ code: coded('147842', 'urn:iso:std:iso:11073:10101'), ...quantity(61, '/min') }),
      { hr: 61 },
    ],
    [
      'a level of consciousness',
      observation({ code: coded('67775-7'), valueCodeableConcept: { coding: [{ code: 'V' }] } }),
      { acvpu: 'V' },
    ],
    [
      'a component that was not measured',
      observation({
        code: coded('85354-9'),
        component: [
          { code: coded('8480-6'), ...quantity(107, 'mm[Hg]') },
          { code: coded('8462-4'), dataAbsentReason: coded('not-performed') },
        ],
      }),
      { sys: 107 },
    ],
  ])('gives %s', (_, resource, values) => {
    const [reading, ...others] = decode([resource]).readings;
    expect(others).toEqual([]);
    expect(reading).toMatchObject({ device: 'mon-1', recordedAt: at * 1_000 });
    expect(reading && valuesOf(reading)).toEqual(values);
  });

  const [ada, bob] = ['0190aaaa-0000-7000-8000-00000000000a', '0190aaaa-0000-7000-8000-00000000000b'] as const;

  it('is one reading for each device, time and patient', () => {
    const elsewhere = { ...heartRate, device: { reference: 'Device/mon-2' } };
    const of = (patient: string): Resource => ({ ...heartRate, subject: { reference: `Patient/${patient}` } });
    const { readings, fates } = decode([heartRate, bloodPressure, elsewhere, of(ada), of(bob)]);
    expect(fates).toEqual([
      { readings: [0] },
      { readings: [0] },
      { readings: [2] },
      { readings: [3] },
      { readings: [4] },
    ]);
    expect(readings.map(({ device, patient }) => [device, patient?.ids])).toEqual([
      ['mon-1', undefined],
      ['mon-2', undefined],
      ['mon-1', [ada]],
      ['mon-1', [bob]],
    ]);
  });

  it.each([
    ['another resource', { resourceType: 'Patient' }, 'unsupported'],
    ['what was entered in error', { ...heartRate, status: 'entered-in-error' }, 'unsupported'],
    ['samples of what is no signal', observation({ code: coded('8867-4'), valueSampledData: {} }), 'unsupported'],
    ['a code nobody knows', observation({ code: coded('1'), ...quantity(1, '%') }), 'unknown_field'],
    ['a unit it does not come in', observation({ code: coded('8867-4'), ...quantity(1, 'mm[Hg]') }), 'malformed'],
    ['a bound', observation({ code: coded('8867-4'), valueQuantity: { value: 1, comparator: '<' } }), 'malformed'],
    ['no value', observation({ code: coded('8867-4') }), 'malformed'],
    ['what no body can have', observation({ code: coded('8867-4'), ...quantity(999, '/min') }), 'out_of_range'],
    ['a local time', { ...heartRate, effectiveDateTime: '2026-01-01T09:00:00' }, 'missing_zone'],
    ['a day', { ...heartRate, effectiveDateTime: '2026-01-01' }, 'malformed'],
    ['no time', { ...heartRate, effectiveDateTime: undefined }, 'missing_time'],
    ['years ago', { ...heartRate, effectiveDateTime: '2016-01-01T09:00:00Z' }, 'too_old'],
    ['no device', { ...heartRate, device: undefined }, 'malformed'],
    [
      'one bad component of two',
      {
        ...bloodPressure,
        component: [
          { code: coded('8480-6'), ...quantity(107, 'mm[Hg]') },
          { code: coded('1'), ...quantity(1, '%') },
        ],
      },
      'unknown_field',
    ],
  ])('is refused entry by entry: %s', (_, resource, code) => {
    const { readings, fates } = decode([heartRate, resource]);
    expect(readings).toHaveLength(1);
    expect(fates).toEqual([{ readings: [0] }, { refused: expect.objectContaining({ i: 1, code }) }]);
  });

  describe('with samples of a signal', () => {
    const mdc = 'urn:iso:std:iso:11073:10101';
    const data = { origin: { value: 2048, code: 'uV', system: ucum }, period: 4, factor: 2.5, dimensions: 1 };
    const sampled = (members: Resource): Resource => ({ valueSampledData: { ...data, ...members } });
    const lead = (code: string, members: Resource): Resource =>
      observation({ code: coded(code, mdc), ...sampled(members) });
    const drawn = (reading: Reading | undefined): unknown[] =>
      (reading?.waveforms ?? []).map(({ samples, ...rest }) => {
        const bytes = Buffer.from(samples, 'base64');
        return { ...rest, samples: Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2)) };
      });
    const stored = { hz: 250, scale: 0.0025, origin: 2.048 };

    it('draws all leads of a time with its values, in the unit that is stored', () => {
      const component = [
        { code: coded('131329', mdc), ...sampled({ data: '1 -2 3' }) },
        { code: coded('131330', mdc), ...sampled({ data: '4' }) },
      ];
      const ecg = observation({ code: coded('11524-6'), component });
      const again = lead('131330', { data: '5' });
      const { readings, fates } = decode([heartRate, ecg, again]);
      expect(fates).toEqual([{ readings: [0] }, { readings: [0] }, { readings: [0] }]);
      expect(readings).toHaveLength(1);
      expect(drawn(readings[0])).toEqual([
        { lead: 'I', ...stored, samples: [1, -2, 3] },
        { lead: 'II', ...stored, samples: [4] },
      ]);
    });

    it('ends a chunk at a gap and where it is as long as one may be', () => {
      const { readings, fates } = decode([lead('131331', { data: `7 E U 8 L ${'9 '.repeat(901)}` })]);
      expect(readings.map((each) => [each.recordedAt / 1_000 - at, (drawn(each)[0] as Waves).samples.length])).toEqual([
        [0, 1],
        [12, 1],
        [20, 900],
        [3_620, 1],
      ]);
      expect(fates).toEqual([{ readings: [0] }]);
    });

    it('shares the fate of its last chunk too', () => {
      const late = { ...lead('131330', { data: '1 '.repeat(10_000) }), effectiveDateTime: '2026-01-01T08:00:00Z' };
      expect(decode([late]).fates).toEqual([{ refused: expect.objectContaining({ code: 'future_timestamp' }) }]);
    });

    it.each([
      ['no lead of ours', lead('1', { data: '1' }), 'unknown_field'],
      ['an ECG without a unit', lead('131330', { data: '1', origin: { value: 0 } }), 'malformed'],
      ['another unit', lead('150032', { data: '1' }), 'malformed'],
      ['two dimensions', lead('131330', { data: '1 2', dimensions: 2 }), 'malformed'],
      ['a word', lead('131330', { data: '1 x' }), 'malformed'],
      ['more than 16 bits', lead('131330', { data: '1 32768' }), 'out_of_range'],
      ['a fraction', lead('131330', { data: '1.5' }), 'out_of_range'],
      ['a rate that is not whole', lead('131330', { data: '1', period: 3 }), 'out_of_range'],
      ['no period', lead('131330', { data: '1', period: 0 }), 'malformed'],
    ])('is refused for %s', (_, resource, code) => {
      expect(decode([resource]).fates).toEqual([{ refused: expect.objectContaining({ i: 0, code }) }]);
    });

    it('is a gap when all of it is', () => {
      expect(decode([lead('131330', { data: 'E E' })]).fates).toEqual([{ gap: true }]);
    });

    it('needs no unit for pleth, which has none', () => {
      const [reading] = decode([lead('150452', { data: '1', origin: { value: 0 } })]).readings;
      expect(drawn(reading)).toEqual([{ lead: 'pleth', hz: 250, scale: 2.5, origin: 0, samples: [1] }]);
    });
  });

  it('tells of gaps, which are nothing to store', () => {
    const gap = observation({ code: coded('8867-4'), dataAbsentReason: coded('unknown') });
    expect(decode([gap]).fates).toEqual([{ gap: true }]);
  });

  it('states its patient by id or record number, also through resources of its own', () => {
    const patient = {
      resourceType: 'Patient',
      id: 'p1',
      identifier: [
        { type: { coding: [{ code: 'SS' }] }, value: 'secret' },
        { type: { coding: [{ code: 'MR' }] }, value: '123' },
      ],
    };
    const monitor = { resourceType: 'Device', identifier: [{ value: 'mon-9' }] };
    const subject = { reference: 'urn:uuid:p' };
    const entry = [
      { fullUrl: 'urn:uuid:p', resource: patient },
      { fullUrl: 'urn:uuid:d', resource: monitor },
      { resource: { ...heartRate, subject, device: { reference: 'urn:uuid:d' } } },
    ];
    const [reading] = decode([], { entry, type: 'collection' }).readings;
    expect(reading).toMatchObject({ device: 'mon-9', patient: { ids: [], mrns: ['123'] } });
    const stated = only({ ...heartRate, subject: { reference: `https://hms.test/fhir/Patient/${ada.toUpperCase()}` } });
    expect(stated?.patient).toEqual({ ids: [ada], mrns: [] });
    expect(only({ ...heartRate, subject: { identifier: { value: '7' } } })?.patient).toEqual({ ids: [], mrns: ['7'] });
    expect(only(heartRate)?.patient).toBeUndefined();
  });

  it.each([
    ['only a name', { display: 'Ada' }],
    ['what leads nowhere', { reference: 'urn:uuid:0190aaaa-0000-7000-8000-00000000000a' }],
    ['an id that is none of ours', { reference: 'Patient/p1' }],
    ['a national number', { identifier: { type: { coding: [{ code: 'NI' }] }, value: '7' } }],
    ['nothing', {}],
  ])('of which the subject says %s states no patient', (_, subject) => {
    expect(only({ ...heartRate, subject })).toMatchObject({ device: 'mon-1', patient: undefined });
  });

  it('is known again by its identifier', () => {
    const identifier = { system: 'urn:x', value: 'y'.repeat(500) };
    expect(decode([heartRate], { identifier }).key).toMatch(/^fhir:.{43}$/);
    expect(decode([heartRate]).key).toBeUndefined();
  });

  it.each([
    ['no JSON', '{', 'request.malformed'],
    ['no object', '[]', 'request.invalid'],
    ['no Bundle', '{"resourceType":"Observation"}', 'request.invalid'],
    ['a search result', '{"resourceType":"Bundle","type":"searchset"}', 'request.invalid'],
    ['entries that are none', '{"resourceType":"Bundle","type":"batch","entry":[1]}', 'request.invalid'],
    ['no entry', '{"resourceType":"Bundle","type":"batch"}', 'telemetry.empty'],
  ])('is a problem when it is %s', (_, text, code) => {
    expect(() => decodeBundle(text, { at, idempotencyKey: '' })).toThrow(expect.objectContaining({ code }));
  });
});
