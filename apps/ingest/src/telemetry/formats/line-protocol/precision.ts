/** Units of a timestamp: of `/api/v2/write` the first four, of `/write` all, where nanoseconds and micros have two names. */
const microsPer = {
  ns: 0.001,
  n: 0.001,
  us: 1,
  u: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
} as const;
export type Precision = keyof typeof microsPer;

export const isPrecision = (text: string): text is Precision => Object.hasOwn(microsPer, text);

/**
 * Microseconds since 1970. Nanoseconds lose their last three digits as text: as a number they would not be exact.
 * @param digits as they were sent, without fraction
 */
export function toMicros(digits: string, precision: Precision): number {
  if (microsPer[precision] === 0.001) return Number(digits.slice(0, -3));
  return Number(digits) * microsPer[precision];
}
