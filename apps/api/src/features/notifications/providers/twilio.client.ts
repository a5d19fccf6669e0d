import { z } from 'zod';
import { handingOverOf, postponedBy, type HandingOver } from './handing-over.js';
import { callProvider, type ProviderAnswer } from './provider-call.js';

export interface TwilioAccount {
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** A number in E.164, or the SID of a messaging service (`MG…`). */
  readonly from: string;
}

export interface Sms {
  /** E.164. */
  readonly to: string;
  readonly body: string;
}

const Created = z.object({ sid: z.string().min(1).max(64) });
const Failure = z.object({ code: z.int() });
const Listed = z.object({
  messages: z.array(
    z.object({ sid: z.string().min(1).max(64), body: z.string().nullable(), date_created: z.string().nullable() }),
  ),
  next_page_uri: z.string().nullable().optional(),
});

/**
 * Errors of one message that no repetition mends (twilio.com/docs/api/errors): no such number, not a mobile one, a country
 * that is switched off, a recipient who answered STOP, a body that is refused.
 */
const hopeless = new Set([21211, 21214, 21217, 21265, 21408, 21421, 21610, 21612, 21614, 21617, 21635]);
const gone = new Set([21211, 21214, 21217, 21610, 21614]);

const patienceMs = 8_000;
const pageSize = 50;
const maxPages = 20;

/** Twilio's Messages resource. It has no idempotency key, so what may have been sent is looked for before it is repeated. */
export class TwilioClient {
  readonly #messages: URL;
  readonly #authorization: string;

  constructor(
    private readonly account: TwilioAccount,
    private readonly callMs = patienceMs,
  ) {
    const { url, accountSid, authToken } = account;
    const base = url.endsWith('/') ? url : `${url}/`;
    this.#messages = new URL(`2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`, base);
    this.#authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  }

  async send({ to, body }: Sms): Promise<HandingOver> {
    const sender = this.account.from.startsWith('MG') ? 'MessagingServiceSid' : 'From';
    const form = new URLSearchParams({ To: to, [sender]: this.account.from, Body: body });
    try {
      return outcomeOf(await this.#call(this.#messages, 'POST', form));
    } catch (err) {
      return handingOverOf(err);
    }
  }

  /**
   * The SID of a message to this number whose body contains the reference, created at `since` or later; undefined when
   * there is none.
   * @throws an Error when Twilio does not say
   */
  async find(to: string, reference: string, since: Date): Promise<string | undefined> {
    let page: URL | undefined = new URL(this.#messages);
    page.search = new URLSearchParams({ To: to, PageSize: String(pageSize) }).toString();
    for (let pages = 0; page && pages < maxPages; pages += 1) {
      const answer = await this.#call(page, 'GET');
      if (answer.status !== 200) throw new Error(`twilio.status-${String(answer.status)}`);
      const { messages, next_page_uri: next } = Listed.parse(answer.body);
      const found = messages.find(({ body }) => body?.includes(reference));
      if (found) return found.sid;
      // Newest first.
      const oldest = messages.at(-1)?.date_created;
      if (oldest && Date.parse(oldest) < since.getTime()) return undefined;
      page = next ? new URL(next, this.#messages) : undefined;
    }
    if (page) throw new Error('twilio.too-many-messages');
    return undefined;
  }

  #call(url: URL, method: 'GET' | 'POST', form?: URLSearchParams): Promise<ProviderAnswer> {
    const headers = { authorization: this.#authorization, accept: 'application/json' };
    // undici sets the content type of a form by itself.
    return callProvider(url, { method, headers, ...(form ? { body: form } : {}) }, this.callMs);
  }
}

function outcomeOf(answer: ProviderAnswer): HandingOver {
  if (answer.status === 201 || answer.status === 200) {
    const created = Created.safeParse(answer.body);
    return created.success
      ? { kind: 'accepted', providerId: created.data.sid }
      : { kind: 'in-doubt', code: 'twilio.unreadable' };
  }
  const failure = Failure.safeParse(answer.body);
  const code = failure.success ? failure.data.code : undefined;
  if (answer.status === 400 && code !== undefined) {
    const named = { code: `twilio.${String(code)}` };
    if (!hopeless.has(code)) return { kind: 'postponed', ...named, aboutMessage: true };
    const refused = { kind: 'refused', ...named } as const;
    return gone.has(code) ? { ...refused, addressGone: true } : refused;
  }
  return postponedBy(answer, code === undefined ? undefined : `twilio.${String(code)}`);
}
