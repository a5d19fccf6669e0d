import type { SyncRegistered, SyncRegistrationBody, SyncRequestBody, SyncResponse } from '@hms/contracts';
import type { Environment, HttpAnswer } from '../environment.js';
import { parseRetryAfter } from './backoff.js';

export type Answer<B> =
  | { readonly kind: 'answered'; readonly body: B; readonly sentAt: number; readonly receivedAt: number }
  | Refused
  /** Nothing came back that this client can read: what was sent may have taken effect. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'signed-out' };

export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;
}

/** `again`: the token given before counts no longer. Null when nobody is signed in. */
export type TokenSource = (again: boolean) => Promise<string | null>;

const deadlineMs = 60_000;

/** Carries requests to the server. It never fails: no answer is an answer too. */
export class Transport {
  #underway = new AbortController();

  constructor(
    private readonly baseUrl: string,
    private readonly token: TokenSource,
    private readonly environment: Pick<Environment, 'fetch' | 'later' | 'now'>,
  ) {}

  sync(body: SyncRequestBody): Promise<Answer<SyncResponse>> {
    return this.#post('/sync', body, isSyncResponse);
  }

  register(body: SyncRegistrationBody): Promise<Answer<SyncRegistered>> {
    return this.#post('/sync/register', body, isRegistered);
  }

  /** Gives up what is on its way. */
  abort(): void {
    this.#underway.abort();
    this.#underway = new AbortController();
  }

  async #post<B>(path: string, body: object, accepts: (body: unknown) => body is B): Promise<Answer<B>> {
    const text = JSON.stringify(body);
    for (const again of [false, true]) {
      const token = await this.token(again).catch(() => undefined);
      // Without a network there may be no fresh token either: that is not being signed out.
      if (token === undefined) return { kind: 'silent' };
      if (token === null) break;
      const answer = await this.#once(path, text, token, accepts);
      if (answer.kind !== 'refused' || answer.status !== 401) return answer;
    }
    return { kind: 'signed-out' };
  }

  async #once<B>(path: string, body: string, token: string, accepts: (body: unknown) => body is B): Promise<Answer<B>> {
    const { now, fetch, later } = this.environment;
    const sentAt = now();
    const deadline = new AbortController();
    const forget = later(() => deadline.abort(), deadlineMs);
    try {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const signal = AbortSignal.any([this.#underway.signal, deadline.signal]);
      const answer = await fetch(this.baseUrl + path, { method: 'POST', headers, body, signal });
      return read(answer, await answer.text(), { accepts, sentAt, receivedAt: now() });
    } catch {
      return { kind: 'silent' };
    } finally {
      forget();
    }
  }
}

interface Expected<B> {
  readonly accepts: (body: unknown) => body is B;
  readonly sentAt: number;
  readonly receivedAt: number;
}

function read<B>(answer: HttpAnswer, text: string, { accepts, sentAt, receivedAt }: Expected<B>): Answer<B> {
  const body = json(text);
  if (answer.status >= 200 && answer.status < 300) {
    // A network that asks for a login answers 200 too.
    return accepts(body) ? { kind: 'answered', body, sentAt, receivedAt } : { kind: 'silent' };
  }
  const retryAfterMs = parseRetryAfter(answer.headers.get('retry-after'), receivedAt);
  return { kind: 'refused', status: answer.status, problem: isRecord(body) ? body : {}, retryAfterMs };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// What the loop stands on. Everything else in an answer is data.
const isSyncResponse = (body: unknown): body is SyncResponse =>
  isRecord(body) &&
  body['v'] === 1 &&
  typeof body['server_time'] === 'string' &&
  !Number.isNaN(Date.parse(body['server_time'])) &&
  [body['results'], body['reset'], body['snapshot_done']].every(Array.isArray) &&
  [body['device'], body['changes'], body['cursors'], body['hints']].every(isRecord);

const isRegistered = (body: unknown): body is SyncRegistered =>
  isRecord(body) && typeof body['device'] === 'string' && Array.isArray(body['mrns']);
