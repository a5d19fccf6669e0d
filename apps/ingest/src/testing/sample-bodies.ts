import fc from 'fast-check';

/** When the samples were sent, in milliseconds since 1970. */
export const at = Date.UTC(2026, 0, 1, 8);

/** A body that is right, and words that make it wrong. */
export interface SampleBody {
  readonly sample: string;
  readonly words: readonly string[];
}

const row = { d: 'mon-1', t: at, hr: 72, spo2: 97, temp: 98, tu: '[degF]', o2: true, acvpu: 'V', sys: 120, dia: 80 };
const json = {
  batch: 'b-1',
  sent_at: at,
  device: 'mon-2',
  readings: [
    row,
    { ...row, t: '2026-01-01T08:00:00+00:00', w: [{ lead: 'II', hz: 250, scale: 0.01, b64: 'AQACAA==' }] },
  ],
};
const rows = {
  cols: ['d', 't', 'hr', 'temp'],
  rows: [
    ['mon-1', at, 72, 36.8],
    ['mon-1', at + 1, null, 36.9],
  ],
};
const pack = [
  { bn: 'urn:dev:mac:0024befffe804ff1:', bt: at / 1_000, bver: 10, bu: '%', n: 'hr', u: 'beat/min', v: 72 },
  { n: 'spo2', v: 97, t: 1 },
  { n: 'o2', vb: true },
];
const coding = [{ system: 'http://loinc.org', code: '8867-4' }];
const quantity = { value: 72, system: 'http://unitsofmeasure.org', code: '/min' };
const observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding },
  subject: { reference: 'urn:uuid:p', identifier: { value: '1' } },
  device: { reference: 'Device/mon-1' },
  effectiveDateTime: '2026-01-01T08:00:00Z',
  valueQuantity: quantity,
  component: [{ code: { coding }, valueQuantity: quantity }],
};
const patient = { resourceType: 'Patient', id: 'p', identifier: [{ type: { coding: [{ code: 'MR' }] }, value: '1' }] };
const bundle = {
  resourceType: 'Bundle',
  type: 'batch',
  identifier: { system: 's', value: 'v' },
  entry: [
    { fullUrl: 'urn:uuid:p', resource: patient },
    { resource: observation, request: { method: 'POST' } },
  ],
};
const oru = [
  String.raw`MSH|^~\&|PICiX|ICU|HMS||20260101080000.000+0000||ORU^R01^ORU_R01|1|P|2.6|||AL|NE||UNICODE UTF-8`,
  'PID|1||12345^^^HOSP^MR~2^^^N^NI',
  'OBR|1||0009^^^EUI-64|69965^MDS^MDC|||20260101080000',
  'OBX|1||69965^MDS^MDC|1.0.0.0|||||||X|||||||mon-12',
  'OBX|2|NM|147842^MDC_ECG_CARD_BEAT_RATE^MDC|1.2.1.1|72|264864^MDC^MDC|50-120||||F|||20260101080000+0530',
  String.raw`OBX|3|SN|8867-4^\X41\^LN|1|=^97|/min^^UCUM|||||C`,
  'OBX|4|CWE|67775-7^^LN|1|V^Voice||||||F',
].join('\r');

const separators = ':'.repeat(60_000);
/** No number, as is known at its end. */
const digits = `${'9'.repeat(60_000)}x`;

/** One for each format a body may have. */
export const sampleBodies = {
  'JSON of objects': { sample: JSON.stringify(json), words: [] },
  'JSON of rows': { sample: JSON.stringify(rows), words: [] },
  NDJSON: {
    sample: [{ batch: 'b' }, row, row].map((each) => JSON.stringify(each)).join('\n'),
    words: ['\n', '\r\n', '{}'],
  },
  SenML: { sample: JSON.stringify(pack), words: ['x_', ':', '/', separators] },
  ThingsBoard: {
    sample: JSON.stringify([
      { ts: at, values: { hr: 72 } },
      { hr: 73, d: 'mon-2' },
    ]),
    words: [],
  },
  FHIR: { sample: JSON.stringify(bundle), words: ['Patient/'] },
  'line protocol': {
    sample:
      String.raw`vitals,device=mon-1,tu=Cel hr=72i,temp=36.8,acvpu="V",o2=t ${at}000000` +
      '\nvitals,host=a\\=b,device=mon-3 hr=1u\n',
    words: ['\\', '"', ',', '=', ' ', '#', '\n', 'i', '-', '9'.repeat(40), digits],
  },
  HL7: {
    sample: oru,
    words: [
      ...['|', '^', '~', '\\', '&', '\r', 'OBX|', 'PID|', 'MSH', '""', '\\X4\\', 'constructor', '__proto__'],
      ...['|a'.repeat(60), 'ü', digits],
    ],
  },
} satisfies Readonly<Record<string, SampleBody>>;

const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -0,
    Number.MAX_VALUE,
    1e21,
    2 ** 53,
    NaN,
    '',
    [],
    {},
    [[]],
    '__proto__',
    'constructor',
    'toString',
  ),
  fc.constantFrom<unknown>('\0', '\ud800', 'x'.repeat(5_000), '9'.repeat(400), '9999-12-31T23:59:60Z', '0000-00-00'),
  fc.jsonValue(),
);
const edits = (words: readonly string[]): fc.Arbitrary<{ at: number; remove: number; insert: string }[]> =>
  fc.array(
    fc.record({
      at: fc.nat(),
      remove: fc.oneof(fc.constantFrom(0, 1), fc.nat(60)),
      insert: fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('', '{', ']', '"', ...words)),
    }),
    { minLength: 1, maxLength: 6 },
  );

/** The sample with pieces taken out and others put in. */
const spoilt = ({ sample, words }: SampleBody): fc.Arbitrary<Buffer> =>
  edits(words).map((changes) =>
    Buffer.from(
      changes.reduce((body, { at: from, remove, insert }) => {
        const place = from % (body.length + 1);
        return body.slice(0, place) + insert + body.slice(place + remove);
      }, sample),
    ),
  );

/** The sample, still JSON, with some of its nodes replaced. */
const replaced = ({ sample }: SampleBody): fc.Arbitrary<Buffer> =>
  fc.array(fc.tuple(fc.nat(), nasty), { minLength: 1, maxLength: 4 }).map((changes) => {
    const values = new Map<number, unknown>(changes.map(([place, value]) => [place % 60, value]));
    let node = 0;
    return Buffer.from(
      sample
        .split('\n')
        .map((line) =>
          JSON.stringify(JSON.parse(line, (_, value: unknown) => (values.has(++node) ? values.get(node) : value))),
        )
        .join('\n'),
    );
  });

/** Spoilt in any way: what was right, cut, doubled or with other nodes, or bytes of no meaning. */
export function spoiltBodies(body: SampleBody): fc.Arbitrary<Buffer> {
  const isJson = /^[[{]/.test(body.sample);
  return fc.oneof(
    { weight: 3, arbitrary: spoilt(body) },
    { weight: isJson ? 3 : 0, arbitrary: isJson ? replaced(body) : spoilt(body) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  );
}
