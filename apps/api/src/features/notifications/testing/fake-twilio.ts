import { randomBytes } from 'node:crypto';
import { FakeHttp, type FakeAnswer, type FakeRequest } from './fake-http.js';

export interface KeptSms {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly created: Date;
}

/** Stands in for Twilio's Messages resource: Basic auth, form bodies, error codes, and a list in pages. */
export class FakeTwilio extends FakeHttp {
  readonly accountSid = `AC${randomBytes(16).toString('hex')}`;
  readonly authToken = randomBytes(16).toString('hex');
  /** What it took to be delivered, oldest first. */
  readonly messages: KeptSms[] = [];
  /** Numbers it knows to be none. */
  readonly invalid = new Set<string>();
  readonly from = '+15005550006';

  get account() {
    return { url: this.url, accountSid: this.accountSid, authToken: this.authToken, from: this.from };
  }

  to(number: string): KeptSms[] {
    return this.messages.filter(({ to }) => to === number);
  }

  protected isSending({ method }: FakeRequest): boolean {
    return method === 'POST';
  }

  protected answer(request: FakeRequest): FakeAnswer {
    const path = `/2010-04-01/Accounts/${this.accountSid}/Messages.json`;
    if (request.url.pathname !== path) return failure(404, 20404);
    const expected = Buffer.from(`${this.accountSid}:${this.authToken}`).toString('base64');
    if (request.headers.authorization !== `Basic ${expected}`) return failure(401, 20003);
    return request.method === 'POST' ? this.#create(request) : this.#list(request.url);
  }

  #create({ headers, body }: FakeRequest): FakeAnswer {
    if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return failure(400, 21604);
    const form = new URLSearchParams(body);
    const [to, from, text] = ['To', 'From', 'Body'].map((name) => form.get(name) ?? '');
    if (!to || !/^\+[1-9]\d{6,14}$/.test(to) || this.invalid.has(to)) return failure(400, 21211);
    if (!from) return failure(400, 21603);
    if (!text) return failure(400, 21602);
    const message = { sid: `SM${randomBytes(16).toString('hex')}`, to, from, body: text, created: new Date() };
    this.messages.push(message);
    return { status: 201, body: { ...shown(message), status: 'queued' } };
  }

  #list(url: URL): FakeAnswer {
    const size = Number(url.searchParams.get('PageSize') ?? 50);
    const page = Number(url.searchParams.get('Page') ?? 0);
    const matching = this.to(url.searchParams.get('To') ?? '').reverse();
    const messages = matching.slice(page * size, (page + 1) * size).map(shown);
    const next = new URL(url);
    next.searchParams.set('Page', String(page + 1));
    const more = matching.length > (page + 1) * size;
    return { status: 200, body: { messages, page, next_page_uri: more ? `${next.pathname}${next.search}` : null } };
  }
}

const shown = ({ sid, to, from, body, created }: KeptSms) => ({
  sid,
  to,
  from,
  body,
  date_created: created.toUTCString(),
  status: 'delivered',
});

const failure = (status: number, code: number): FakeAnswer => ({
  status,
  body: {
    code,
    message: `error ${String(code)}`,
    more_info: `https://www.twilio.com/docs/errors/${String(code)}`,
    status,
  },
});
