import { type Cell, targetOf, type Wrong } from './reading.js';

const name = String.raw`(?:\\[,= ]|[^,= \\]|\\(?![,= ]))+`;
const value = String.raw`(?:"(?:[^"\\]|\\.)*"|[^", ]+)`;
const line = new RegExp(
  `^(${name})((?:,${name}=${name})*) +(${name}=${value}(?:,${name}=${value})*)(?: +(-?\\d{1,19}))? *$`,
);
const tag = new RegExp(`,(${name})=(${name})`, 'g');
const field = new RegExp(`(${name})=(${value})(?:,|$)`, 'g');

const units = { ns: 0.001, us: 1, ms: 1_000, s: 1_000_000 } as const;
export type Precision = keyof typeof units;
export const precisions = Object.keys(units);

/** What one line of InfluxDB line protocol says of a reading, or why it says nothing. */
export function parseLine(text: string, precision: Precision): readonly Cell[] | Wrong {
  const [, measurement, tags = '', fields = '', stamp] = line.exec(text) ?? [];
  if (measurement === undefined) return { code: 'malformed' };
  if (measurement !== 'vitals') return { code: 'unknown_field', field: measurement.slice(0, 64) };
  const cells: Cell[] = [];
  const tagged = new Map([...tags.matchAll(tag)].map(([, key = '', text = '']) => [unescape(key), unescape(text)]));
  cells.push(['device', tagged.get('device') ?? tagged.get('host')]);
  if (tagged.has('tu')) cells.push(['temperatureUnit', tagged.get('tu')]);
  if (stamp !== undefined) cells.push(['time', toMicros(stamp, precision) / 1_000]);
  for (const [, key = '', text = ''] of fields.matchAll(field)) {
    const target = targetOf(unescape(key));
    if (target === undefined || target === 'device' || target === 'time') {
      return { code: 'unknown_field', field: key.slice(0, 64) };
    }
    cells.push([target, fieldValue(text)]);
  }
  return cells;
}

const unescape = (text: string): string => text.replaceAll(/\\([,= ])/g, '$1');

/** Nanoseconds lose their last digits as text: as a number they would not be exact. */
const toMicros = (digits: string, precision: Precision): number =>
  precision === 'ns' ? Number(digits.slice(0, -3)) : Number(digits) * units[precision];

function fieldValue(text: string): unknown {
  if (text.startsWith('"')) return text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
  if (/^(?:t|true)$/i.test(text)) return true;
  if (/^(?:f|false)$/i.test(text)) return false;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[iu]?$/.test(text) ? Number(text.replace(/[iu]$/, '')) : text;
}
