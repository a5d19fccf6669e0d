import { OperatorError, sqlState } from '@hms/database';

const UNDEFINED_TABLE = '42P01';

/** What went wrong and what to do about it, in one line. */
export function errorLine(err: unknown): string {
  if (err instanceof OperatorError) return err.message;
  const state = sqlState(err);
  if (state === UNDEFINED_TABLE) return 'The database has no tables yet; run "hms migrate" first.';
  const message = err instanceof Error ? err.message.replaceAll(/\s+/g, ' ') : String(err);
  return `${message}${state === undefined ? '' : ` (SQLSTATE ${state})`}; set HMS_DEBUG=1 to see where.`;
}
