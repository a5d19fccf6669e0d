import { acvpuLevels, vitalSigns, type VitalSign } from '@hms/contracts';

/** A column of `vitals_1m` and `vitals_15m`, and how it comes about. */
interface RollupColumn {
  readonly name: string;
  /** From readings `v`. */
  readonly ofReadings: string;
  /** From narrower buckets `r`. */
  readonly ofRollups: string;
}

/** The values of a coded vital sign as small numbers, and back. */
const codeOf = {
  boolean: { encode: (value: string) => `${value}::int`, decode: (code: string) => `(${code})::int::boolean` },
  acvpu: {
    encode: (value: string) => `strpos('${acvpuLevels.join('')}', ${value}::text)`,
    decode: (code: string) => `substr('${acvpuLevels.join('')}', (${code})::int, 1)::"char"`,
  },
} as const;
const codeBits = 3;

/**
 * The last of the values, as the greatest of numbers that begin with their order and end with the value: an aggregate
 * that is told an order would have all readings sorted, for which it took most of the time.
 * @param order an integer of at most 60 bits, which differs for each value
 */
function last(kind: CodedKind, value: string, order: string): string {
  const { encode, decode } = codeOf[kind];
  const greatest = `max((${order}) << ${codeBits} | ${encode(value)}) filter (where ${value} is not null)`;
  return decode(`${greatest} & ${2 ** codeBits - 1}`);
}

const micros = (time: string): string => `(date_part('epoch', ${time}) * 1000000)::bigint`;
/** Within a minute, which takes 26 bits; then the device. */
const orderOfReadings = `${micros('v.recorded_at')} % 60000000 << 31 | v.device_no`;
const orderOfRollups = micros('r.bucket');

type CodedKind = keyof typeof codeOf;
const isCodedKind = (kind: VitalSign['kind']): kind is CodedKind => kind in codeOf;

function columnsOf({ column, kind }: VitalSign): RollupColumn[] {
  const summed = (part: string, of: string, from: string): RollupColumn => ({
    name: `${column}_${part}`,
    ofReadings: of,
    ofRollups: `${from}(r.${column}_${part})`,
  });
  const n = summed('n', `nullif(count(v.${column}), 0)`, 'sum');
  if (isCodedKind(kind)) {
    return [
      n,
      {
        name: `${column}_last`,
        ofReadings: last(kind, `v.${column}`, orderOfReadings),
        ofRollups: last(kind, `r.${column}_last`, orderOfRollups),
      },
    ];
  }
  return [
    n,
    summed('sum', `sum(v.${column}${kind === 'decimal' ? '::float8' : ''})`, 'sum'),
    summed('min', `min(v.${column})`, 'min'),
    summed('max', `max(v.${column})`, 'max'),
  ];
}

const columns: readonly RollupColumn[] = [
  { name: 'n', ofReadings: 'count(*)', ofRollups: 'sum(r.n)' },
  ...vitalSigns.flatMap(columnsOf),
];

const list = (parts: readonly string[]): string => parts.join(', ');

/** All but the patient and the bucket. */
export const rollupNames = list(columns.map(({ name }) => name));
export const rollupsOfReadings = list(columns.map(({ name, ofReadings }) => `${ofReadings} as ${name}`));
export const rollupsOfRollups = list(columns.map(({ name, ofRollups }) => `${ofRollups} as ${name}`));

/** Of buckets `r`: what is shown of each vital sign, as `<code>:min`, `:avg`, `:max` or `:last`, and `:n`. */
export const shownOfRollups = list(
  vitalSigns.flatMap(({ code, column, kind }) => {
    const n = `coalesce(sum(r.${column}_n), 0)::int as "${code}:n"`;
    if (isCodedKind(kind)) {
      const value = last(kind, `r.${column}_last`, orderOfRollups);
      return [n, `${kind === 'acvpu' ? `${value}::text` : value} as "${code}:last"`];
    }
    return [
      n,
      `min(r.${column}_min)::float8 as "${code}:min"`,
      `max(r.${column}_max)::float8 as "${code}:max"`,
      `(sum(r.${column}_sum)::float8 / sum(r.${column}_n)) as "${code}:avg"`,
    ];
  }),
);
