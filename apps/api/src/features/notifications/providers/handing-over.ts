import { NoAnswer, type ProviderAnswer } from './provider-call.js';

/** What came of handing something to a provider. */
export type HandingOver =
  | { readonly kind: 'accepted'; readonly providerId: string }
  /** No further try changes it. `addressGone`: the address is none any more. */
  | { readonly kind: 'refused'; readonly code: string; readonly addressGone?: true }
  /** Not taken, but a later try may be. `aboutMessage`: others may be taken meanwhile. */
  | {
      readonly kind: 'postponed';
      readonly code: string;
      readonly retryAfterMs?: number;
      readonly aboutMessage?: true;
    }
  /** It may have been taken. */
  | { readonly kind: 'in-doubt'; readonly code: string; readonly retryAfterMs?: number };

/** Of an error that was thrown on the way. */
export function handingOverOf(err: unknown): HandingOver {
  if (!(err instanceof NoAnswer)) throw err;
  return { kind: err.mayHaveArrived ? 'in-doubt' : 'postponed', code: err.code };
}

/** Of an answer that says nothing of this one message: the provider is busy, broken, or does not let us in. */
export function postponedBy(
  { status, retryAfterMs }: ProviderAnswer,
  code = `provider.status-${String(status)}`,
): HandingOver {
  const kind = status >= 500 && status !== 503 ? 'in-doubt' : 'postponed';
  return { kind, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
