import type { HttpAnswer, HttpRequest } from '@hms/client';

/** What becomes of a request on its way. */
export type Fate =
  | 'answered'
  | 'request-lost'
  | 'request-cut'
  | 'answer-lost'
  | 'answer-cut'
  /** At two workers at the same time. */
  | 'twice'
  /** The device gives up, and the request arrives when others have. */
  | 'late'
  /** Until it is released. */
  | 'held';

export interface LineParts {
  /** Addresses of those who may answer. */
  readonly workers: () => readonly string[];
  /** Sees every request when it leaves the device. */
  readonly sending: (path: string, request: string) => Promise<void>;
  /** Sees every request that reached a worker, and what is answered. */
  readonly answered: (exchange: Exchange) => Promise<void>;
}

/** A request, and what was answered. */
export interface Exchange {
  readonly path: string;
  readonly request: string;
  readonly status: number;
  readonly answer: string;
}

const lost = (): Promise<never> => Promise.reject(new TypeError('fetch failed'));
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }));
const cut = (text: string): string => text.slice(0, Math.floor(text.length / 2));

/** The way from one device to the workers. Requests meet the fates that were drawn for them, then none. */
export class Line {
  /** Of the next requests. */
  readonly fates: Fate[] = [];
  /** Who is asked. */
  worker = 0;
  #held: (() => void)[] = [];
  #late: (() => Promise<unknown>)[] = [];

  constructor(private readonly parts: LineParts) {}

  get isHeld(): boolean {
    return this.#held.length > 0;
  }

  /** Fails when the device gives up; what was sent arrives though. */
  readonly send = (path: string, request: HttpRequest): Promise<HttpAnswer> =>
    Promise.race([this.#meet(path, request), aborted(request.signal)]);

  async #meet(path: string, request: HttpRequest): Promise<HttpAnswer> {
    const ask = (worker = this.worker, body = request.body): Promise<HttpAnswer> =>
      this.#ask(worker, path, { ...request, body });
    await this.parts.sending(path, request.body);
    switch (this.fates.shift() ?? 'answered') {
      case 'answered':
        return ask();
      case 'request-lost':
        return lost();
      case 'request-cut':
        return ask(this.worker, cut(request.body));
      case 'answer-lost':
        await ask();
        return lost();
      case 'answer-cut': {
        const answer = await ask();
        return answerOf(answer.status, cut(await answer.text()));
      }
      case 'twice': {
        const [answer] = await Promise.all([ask(), ask(this.worker + 1).catch(() => undefined)]);
        return answer;
      }
      case 'late':
        this.#late.push(() => ask().catch(() => undefined));
        return lost();
      case 'held':
        await new Promise<void>((release) => this.#held.push(release));
        return ask();
    }
  }

  /** What is held goes on, and what is late arrives. */
  async release(): Promise<void> {
    for (const release of this.#held.splice(0)) release();
    await Promise.all(this.#late.splice(0).map((arrive) => arrive()));
  }

  async #ask(worker: number, path: string, request: HttpRequest): Promise<HttpAnswer> {
    const urls = this.parts.workers();
    const { method, headers, body } = request;
    const url = `${urls[worker % urls.length] ?? ''}${path}`;
    const answer = await fetch(url, { method, headers: { ...headers }, body });
    const text = await answer.text();
    await this.parts.answered({ path, request: body, status: answer.status, answer: text });
    return answerOf(answer.status, text, answer.headers);
  }
}

const answerOf = (status: number, text: string, headers: HttpAnswer['headers'] = new Headers()): HttpAnswer => ({
  status,
  headers,
  text: () => Promise.resolve(text),
});
