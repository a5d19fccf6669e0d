import { canary } from './hostile-values.js';
import type { Answer } from './fuzz-case.js';

/** Words of layers that no client is told about. */
const internals = /node_modules|\bat \S+ \(|\.[jt]s:\d+|prisma|SQLSTATE|\bselect .+ from\b|insert into|violates/i;
export const slowestMs = 1_000;

/** What is wrong with an answer, whatever was asked; empty when nothing is. */
export function violations({ status, headers, body, milliseconds }: Answer): string[] {
  const found: string[] = [];
  if (milliseconds > slowestMs) found.push(`took ${Math.round(milliseconds)} ms`);
  if (status >= 500 && !(status === 503 && headers['retry-after'] !== undefined)) found.push(`status ${status}`);
  found.push(...headerGaps(headers, status));
  if (status < 400) return found;
  if (body.includes(canary)) found.push('gives the canary back');
  if (internals.test(body)) found.push('shows what is inside');
  if (!/^application\/problem\+json(;|$)/.test(String(headers['content-type']))) {
    found.push(`is ${String(headers['content-type'])}, no problem`);
  } else if (body !== '') found.push(...problemGaps(body, status, headers['x-request-id']));
  return found;
}

/** A page for developers has a policy of its own, which is as strict where it counts. */
const protecting: Readonly<Record<string, RegExp>> = {
  'x-content-type-options': /^nosniff$/,
  'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
  'referrer-policy': /^no-referrer$/,
  'x-request-id': /^[\w.-]{1,64}$/,
};

function headerGaps(headers: Answer['headers'], status: number): string[] {
  const missing = Object.entries(protecting).flatMap(([name, form]) =>
    form.test(String(headers[name])) ? [] : [`without ${name}`],
  );
  if (status >= 400 && headers['cache-control'] !== 'no-store') missing.push('may be cached');
  if (/\d/.test(JSON.stringify(headers['server'] ?? '')) || headers['x-powered-by'] !== undefined)
    missing.push('says who made it');
  return missing;
}

function problemGaps(body: string, status: number, requestId: unknown): string[] {
  const problem = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const wanted: Readonly<Record<string, boolean>> = {
    type: problem['type'] === `/problems/${String(problem['code'])}`,
    title: typeof problem['title'] === 'string',
    status: problem['status'] === status,
    code: /^[a-z-]+\.[a-z-]+$/.test(String(problem['code'])),
    requestId: typeof requestId === 'string' && problem['requestId'] === requestId,
  };
  return Object.entries(wanted).flatMap(([member, fits]) => (fits ? [] : [`member ${member} does not fit`]));
}
