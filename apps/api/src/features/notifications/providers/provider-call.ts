import { assertOutsideTransaction } from '@hms/service-kit';

export interface ProviderAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when the body is none. */
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

/** The connection could not even be made: nothing was handed over. */
const neverArrived = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** No answer came. */
export class NoAnswer extends Error {
  constructor(
    /** `provider.unreachable` or `provider.no-answer` */
    readonly code: string,
    /** Whether the provider may have taken it all the same. */
    readonly mayHaveArrived: boolean,
    cause: unknown,
  ) {
    super(code, { cause });
  }
}

/** Asks a provider, with a deadline. @throws {@link NoAnswer} */
export async function callProvider(
  url: URL,
  init: Pick<RequestInit, 'method' | 'headers' | 'body'>,
  patienceMs: number,
): Promise<ProviderAnswer> {
  assertOutsideTransaction('calling a provider of notifications');
  try {
    const answer = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(patienceMs) });
    const text = await answer.text();
    return { status: answer.status, body: parsed(text), retryAfterMs: retryAfter(answer.headers.get('retry-after')) };
  } catch (err) {
    const unreachable = neverArrived.has(codeOf((Object(err) as { cause?: unknown }).cause));
    throw new NoAnswer(unreachable ? 'provider.unreachable' : 'provider.no-answer', !unreachable, err);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const longestWaitMs = 3_600_000;

/** Seconds or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestWaitMs);
}

const codeOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
