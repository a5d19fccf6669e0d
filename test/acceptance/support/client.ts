import { randomUUID } from 'node:crypto';
import { generateSync } from 'otplib';
import { baseUrl, type DemoHospital, type DemoUser } from './stack.js';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Ask {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** One request through the public port; `body` is sent as JSON unless it is text already. */
export async function ask<T = Record<string, unknown>>(
  path: string,
  { method, token, headers, body }: Ask = {},
): Promise<Answer<T>> {
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  const response = await fetch(new URL(path, baseUrl), {
    method: verb,
    headers: {
      ...(verb === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, body: (json && text ? JSON.parse(text) : text) as T };
}

/** Signs a demo user in and gives its access token. */
export async function signIn(hospital: DemoHospital, role: string): Promise<string> {
  const user = hospital.users.find((u) => u.role === role);
  if (!user) throw new Error(`${hospital.slug} has no ${role} in the demo`);
  const hospitalSlug = role === 'super_admin' ? {} : { hospital: hospital.slug };
  const answer = await ask<SignInAnswer>('/api/v1/auth/login', {
    body: { email: user.email, password: user.password, ...hospitalSlug },
  });
  const { status, body } = answer.body.challenge === undefined ? answer : await prove(user, answer.body.challenge);
  if (status !== 200 || body.accessToken === undefined) throw new Error(`cannot sign in as ${role}: ${status}`);
  return body.accessToken;
}

interface SignInAnswer {
  readonly accessToken?: string;
  readonly challenge?: string;
}

/** A code counts once: whoever signed in as the same user within 30 seconds leaves the next one. */
async function prove({ totpSecret = '' }: DemoUser, challenge: string): Promise<Answer<SignInAnswer>> {
  const now = Math.floor(Date.now() / 1_000);
  let answer: Answer<SignInAnswer> | undefined;
  for (const epoch of [now, now + 30]) {
    const code = generateSync({ secret: totpSecret, epoch });
    answer = await ask<SignInAnswer>('/api/v1/auth/mfa/verify', { body: { challenge, code } });
    if (answer.status === 200) break;
  }
  if (!answer) throw new Error('no code was tried');
  return answer;
}

export const sendTelemetry = <T = { accepted: number }>(
  key: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<T>> => ask<T>('/telemetry', { token: key, body, headers });

/** Asks again until the answer satisfies, or fails after `withinMs` with the last answer. */
export async function eventually<T>(
  question: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  withinMs: number,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await question();
    if (satisfied(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms, last: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
