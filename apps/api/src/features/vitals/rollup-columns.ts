import { vitalSigns, type VitalSign } from '@hms/contracts';

/** A column of `vitals_1m` and `vitals_15m`, and how it comes about. */
interface RollupColumn {
  readonly name: string;
  /** From readings `v`. */
  readonly ofReadings: string;
  /** From narrower buckets `r`. */
  readonly ofRollups: string;
}

const last = (value: string, order: string): string =>
  `(array_agg(${value} order by ${order}) filter (where ${value} is not null))[1]`;

export const isCoded = ({ kind }: Pick<VitalSign, 'kind'>): boolean => kind === 'boolean' || kind === 'acvpu';

function columnsOf({ column, kind }: VitalSign): RollupColumn[] {
  const summed = (part: string, of: string, from: string): RollupColumn => ({
    name: `${column}_${part}`,
    ofReadings: of,
    ofRollups: `${from}(r.${column}_${part})`,
  });
  const n = summed('n', `nullif(count(v.${column}), 0)`, 'sum');
  if (isCoded({ kind })) {
    return [
      n,
      {
        name: `${column}_last`,
        ofReadings: last(`v.${column}`, 'v.recorded_at desc, v.device_no desc'),
        ofRollups: last(`r.${column}_last`, 'r.bucket desc'),
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
  vitalSigns.flatMap((sign) => {
    const { code, column, kind } = sign;
    const n = `coalesce(sum(r.${column}_n), 0)::int as "${code}:n"`;
    if (isCoded(sign)) {
      const value = last(`r.${column}_last`, 'r.bucket desc');
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
