/**
 * What a failed transaction says about its rows.
 * - `lost`: the connection is gone, so whether it committed is unknown
 * - `conflict`: something is stored already
 * - `stale`: the epoch of a hospital moved since the rows were resolved
 * - `data`: the server refuses a value
 * - `transient`: rolled back, and the same may succeed in a moment
 * - `fatal`: none of these; repeating it would not help
 */
export type Failure = 'lost' | 'conflict' | 'stale' | 'data' | 'transient' | 'fatal';

const byState = new Map<string, Failure>([
  ['23505', 'conflict'],
  // Only the check of the epochs divides.
  ['22012', 'stale'],
  ['55P03', 'transient'],
  ['57014', 'transient'],
]);
const byClass = new Map<string, Failure>([
  ['08', 'lost'],
  ['57', 'lost'],
  ['22', 'data'],
  ['23', 'data'],
  // A server that is a standby for the moment, or whose disk fails, keeps nothing from being stored later.
  ['25', 'transient'],
  ['58', 'transient'],
  ['40', 'transient'],
  ['53', 'transient'],
]);
const sqlState = /^[0-9A-Z]{5}$/;

export function failureOf(thrown: unknown): Failure {
  const code = errorCode(thrown);
  if (code === undefined) return 'fatal';
  // Codes of Node and the driver, such as ECONNRESET and CONNECTION_CLOSED, are all about the connection.
  if (!sqlState.test(code) || code === 'EPIPE') return 'lost';
  return byState.get(code) ?? byClass.get(code.slice(0, 2)) ?? 'fatal';
}

/**
 * Whether it was rolled back because another transaction holds what it needs, or took too long: nothing is wrong with the
 * server, and it may go on like this.
 */
export const isHeldUp = (thrown: unknown): boolean => /^(55P03|57014|40...)$/.test(errorCode(thrown) ?? '');

/** The schema of the table an error is about, where the server names one. */
export function schemaOfError(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'schema_name' in thrown && typeof thrown.schema_name === 'string'
    ? thrown.schema_name
    : undefined;
}

/** The SQLSTATE, or the code of Node or the driver. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
