import type { SchemaProgress } from '@hms/database';
import { errorLine } from '../error-line.js';

/** One line about a schema that is finished; undefined while it is worked on. */
export function progressLine(progress: SchemaProgress): string | undefined {
  const schema = progress.schema.padEnd(24);
  switch (progress.status) {
    case 'started':
      return undefined;
    case 'done':
      return `✔ ${schema} ${progress.applied.length === 0 ? 'up to date' : progress.applied.join(', ')}`;
    case 'unfinished':
      return `– ${schema} was never finished; run "hms hospital create" again with the same details`;
    case 'failed':
      return `✖ ${schema} ${errorLine(progress.error)}`;
  }
}

/** The last line of a run. */
export function summaryLine(results: readonly SchemaProgress[]): string {
  const count = (matches: (result: SchemaProgress) => boolean): number => results.filter(matches).length;
  const parts = [
    [count((result) => result.applied.length > 0), 'migrated'],
    [count((result) => result.status === 'done' && result.applied.length === 0), 'up to date'],
    [count((result) => result.status === 'unfinished'), 'unfinished'],
    [count((result) => result.status === 'failed'), 'failed'],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return `${results.length} ${results.length === 1 ? 'schema' : 'schemas'}: ${said.join(', ')}.`;
}
