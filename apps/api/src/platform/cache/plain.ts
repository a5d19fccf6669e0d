/** What JSON gives back as it was: no Date, no bigint, no class that means more than its fields. */
export type Plain<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends Date | bigint | symbol | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | Uint8Array
    ? never
    : T extends (...args: never[]) => unknown
      ? never
      : { [K in keyof T]: Plain<T[K]> };

/** Many readers share one value, so that nobody may change it. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
