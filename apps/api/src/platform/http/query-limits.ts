import { commonError, type AppError } from '@hms/contracts';

export const queryLimits = { parameters: 50, length: 4_096 } as const;

/**
 * Refuses a query that is too long, holds too much, names a parameter twice or carries text PostgreSQL cannot store. No
 * parameter is a list: which of two values counts would be a matter of who reads it.
 * @throws `request.malformed`
 */
export function checkQuery(url: string, query: unknown): void {
  const start = url.indexOf('?');
  if (start < 0) return;
  if (url.length - start > queryLimits.length) throw refused(`at most ${queryLimits.length} characters`);
  const parameters = Object.entries(query as Readonly<Record<string, unknown>>);
  if (parameters.length > queryLimits.parameters) throw refused(`at most ${queryLimits.parameters} parameters`);
  for (const [name, value] of parameters) {
    if (typeof value !== 'string') throw refused('each parameter once');
    if (name.includes('\0') || value.includes('\0')) throw refused('no U+0000');
  }
}

const refused = (allowed: string): AppError =>
  commonError('request.malformed', { detail: `A query may hold ${allowed}.` });
