import { z } from 'zod';
import { GoogleAccessToken, type ServiceAccount } from './google-access-token.js';
import { handingOverOf, postponedBy, type HandingOver } from './handing-over.js';
import { callProvider, NoAnswer, type ProviderAnswer } from './provider-call.js';

export interface FcmProject {
  readonly url: string;
  readonly account: ServiceAccount;
}

export interface Push {
  readonly token: string;
  /** A device shows one message of an id: one that is sent again takes the place of the first. */
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly urgent: boolean;
  /** What the app is told beside the text: ids and codes. */
  readonly data: Readonly<Record<string, string>>;
  /** After this it is not shown any more. */
  readonly expiresAt: Date;
}

const Accepted = z.object({ name: z.string().min(1).max(200) });
const Failure = z.object({
  error: z.object({
    status: z.string().optional(),
    details: z.array(z.looseObject({ errorCode: z.string().optional() })).optional(),
  }),
});

const patienceMs = 8_000;

/** FCM's HTTP v1 API. */
export class FcmClient {
  readonly #endpoint: URL;
  readonly #access: GoogleAccessToken;

  constructor(
    { url, account }: FcmProject,
    private readonly callMs = patienceMs,
  ) {
    const base = url.endsWith('/') ? url : `${url}/`;
    this.#endpoint = new URL(`v1/projects/${encodeURIComponent(account.project_id)}/messages:send`, base);
    this.#access = new GoogleAccessToken(account);
  }

  async send(push: Push): Promise<HandingOver> {
    let access: string;
    try {
      access = await this.#access.get();
    } catch (err) {
      // Nothing was handed over yet, whatever became of the question for the token.
      return { kind: 'postponed', code: err instanceof NoAnswer ? err.code : 'google.no-token' };
    }
    try {
      const headers = { authorization: `Bearer ${access}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ message: toMessage(push, new Date()) });
      const answer = await callProvider(this.#endpoint, { method: 'POST', headers, body }, this.callMs);
      if (answer.status === 401) this.#access.forget(access);
      return outcomeOf(answer);
    } catch (err) {
      return handingOverOf(err);
    }
  }
}

function toMessage({ token, id, title, body, urgent, data, expiresAt }: Push, now: Date): object {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1_000));
  return {
    token,
    notification: { title, body },
    data,
    android: {
      priority: urgent ? 'HIGH' : 'NORMAL',
      ttl: `${String(seconds)}s`,
      notification: { tag: id },
    },
    apns: {
      headers: {
        'apns-collapse-id': id,
        'apns-priority': urgent ? '10' : '5',
        'apns-expiration': String(Math.floor(expiresAt.getTime() / 1_000)),
      },
    },
    webpush: { headers: { Topic: id.replaceAll('-', ''), TTL: String(seconds) }, notification: { tag: id } },
  };
}

function outcomeOf(answer: ProviderAnswer): HandingOver {
  if (answer.status === 200) {
    const accepted = Accepted.safeParse(answer.body);
    return accepted.success
      ? { kind: 'accepted', providerId: accepted.data.name }
      : { kind: 'in-doubt', code: 'fcm.unreadable' };
  }
  const failure = Failure.safeParse(answer.body);
  const details = failure.success ? failure.data.error.details : undefined;
  const code = details?.find(({ errorCode }) => errorCode !== undefined)?.errorCode;
  switch (code) {
    case 'UNREGISTERED':
    case 'SENDER_ID_MISMATCH':
      return { kind: 'refused', code: `fcm.${code}`, addressGone: true };
    case 'INVALID_ARGUMENT':
      return { kind: 'refused', code: `fcm.${code}` };
    default:
      return postponedBy(answer, code === undefined ? undefined : `fcm.${code}`);
  }
}
