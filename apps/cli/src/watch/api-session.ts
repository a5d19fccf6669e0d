import { OperatorError } from '@hms/database';
import { z } from 'zod';

const tokens = z.object({ accessToken: z.string(), refreshToken: z.string(), expiresIn: z.number() });
const problem = z.object({ title: z.string(), code: z.string() });
type Tokens = z.output<typeof tokens>;

export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Slug; needed only by a user of several hospitals. */
  readonly hospital?: string;
}

/** How long before its end an access token is replaced. */
const renewBeforeMs = 60_000;

/** A signed-in user of the API, whose access token never grows old. It is a device: a screen watches for days untouched. */
export class ApiSession {
  #tokens: Tokens | undefined;
  #renewAt = 0;
  #renewal: Promise<string> | undefined;

  constructor(
    private readonly baseUrl: string,
    private readonly credentials: Credentials,
  ) {}

  /** An access token that is good for another while; callers at the same time share one renewal. */
  token(): Promise<string> {
    if (this.#tokens && Date.now() < this.#renewAt) return Promise.resolve(this.#tokens.accessToken);
    return (this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    }));
  }

  /** Makes the next {@link token} a new one: the server did not accept the last. */
  forget(): void {
    this.#renewAt = 0;
  }

  /** @throws OperatorError with the problem's title when the API refuses */
  async get<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    const headers = { authorization: `Bearer ${await this.token()}` };
    return schema.parse(await this.#request(path, { headers }));
  }

  async #renew(): Promise<string> {
    const refreshToken = this.#tokens?.refreshToken;
    const renewed =
      (refreshToken === undefined ? undefined : await this.#refresh(refreshToken)) ??
      tokens.parse(await this.#request('/api/v1/auth/login', post({ ...this.credentials, client: 'device' })));
    this.#tokens = renewed;
    this.#renewAt = Date.now() + renewed.expiresIn * 1_000 - renewBeforeMs;
    return renewed.accessToken;
  }

  /** Undefined when the session is over and only signing in again helps. */
  async #refresh(refreshToken: string): Promise<Tokens | undefined> {
    const answer = await this.#request('/api/v1/auth/refresh', post({ refreshToken })).catch((err: unknown) => {
      if (err instanceof OperatorError) return undefined;
      throw err;
    });
    return answer === undefined ? undefined : tokens.parse(answer);
  }

  async #request(path: string, init: RequestInit): Promise<unknown> {
    const answer = await fetch(new URL(path, this.baseUrl), { ...init, signal: AbortSignal.timeout(10_000) }).catch(
      (cause: unknown) => {
        throw new OperatorError(`No answer from ${this.baseUrl}; is it running? "npm start" starts it.`, { cause });
      },
    );
    const body: unknown = await answer.json().catch(() => undefined);
    if (answer.ok) return body;
    const { data } = problem.safeParse(body);
    const reason = data ? `${data.title} (${data.code})` : `status ${String(answer.status)}`;
    throw new OperatorError(`${path}: ${reason}.`);
  }
}

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
