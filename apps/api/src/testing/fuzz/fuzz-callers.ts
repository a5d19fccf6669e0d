import type { Role } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import type { InjectOptions } from 'fastify';
import { uuidv7 } from 'uuidv7';
import type { TestApi } from '../test-api.js';
import { asOwner } from '../test-hospital.js';
import type { Answer, FuzzCase } from './fuzz-case.js';

interface SignIn {
  readonly id: string;
  readonly sessionId: string;
}

/**
 * People of one role, whom a route lets in. Each is signed in ahead, so that nothing is written for them while the
 * database is compared; when a request ended a session, the next one takes over.
 */
export class FuzzCallers {
  readonly #spare: SignIn[] = [];
  #authorization: Promise<string> | undefined;

  constructor(
    private readonly api: TestApi,
    private readonly hospital: Hospital,
    /** Nobody signs in for a public route. */
    private readonly role: Role | undefined,
  ) {}

  /** Signs in as many as so many requests can use up. */
  async refill(requests: number): Promise<void> {
    const missing = requests + 1 - this.#spare.length;
    if (this.role !== undefined && missing > 0) this.#spare.push(...(await signIn(this.hospital, this.role, missing)));
  }

  async send(request: FuzzCase): Promise<Answer> {
    for (;;) {
      const asked = (this.#authorization ??= this.#next());
      const answer = await this.#ask(request, await asked);
      const isSignedOut = answer.status === 401 && answer.body.includes('"auth.unauthenticated"');
      if (!isSignedOut || this.#spare.length === 0) return answer;
      if (this.#authorization === asked) this.#authorization = undefined;
    }
  }

  async #ask({ method, url, headers, payload }: FuzzCase, authorization: string): Promise<Answer> {
    const begun = performance.now();
    const options = { method, url, payload, headers: { ...headers, ...(authorization ? { authorization } : {}) } };
    const response = await this.api.application.nest
      .getHttpAdapter()
      .getInstance()
      .inject(options as InjectOptions);
    const milliseconds = performance.now() - begun;
    return { status: response.statusCode, headers: response.headers, body: response.body, milliseconds };
  }

  /** The value of the header; empty for nobody. */
  async #next(): Promise<string> {
    const next = this.#spare.shift();
    if (this.role === undefined || !next) return '';
    const where = { hospital: this.role === 'super_admin' ? null : this.hospital, role: this.role };
    return `Bearer ${await this.api.tokenFor({ ...next, email: '' }, where)}`;
  }
}

/** All at once: every batch may use up many. */
async function signIn(hospital: Hospital, role: Role, count: number): Promise<SignIn[]> {
  const people = Array.from({ length: count }, () => ({ id: uuidv7(), sessionId: uuidv7() }));
  const isPlatform = role === 'super_admin';
  await asOwner((owner) =>
    owner.query(
      `with person as (select * from unnest($1::uuid[], $2::uuid[]) as p (id, session_id)),
       app_user as (insert into public.app_user (id, email, display_name, platform_role)
         select id, concat('fuzz.', id, '@example.test'), 'Fuzz', case when $3 then $4 end from person),
       membership as (insert into public.membership (id, user_id, hospital_id, role, ward_ids, patient_id)
         select gen_random_uuid(), id, $5, $4, '{}', case when $4 = 'patient' then gen_random_uuid() end
           from person where not $3)
       insert into public.session (id, user_id, hospital_id, expires_at, amr, mfa_at)
       select session_id, id, case when not $3 then $5::uuid end, now() + interval '1 day', '{pwd,otp}', now() from person`,
      [people.map(({ id }) => id), people.map(({ sessionId }) => sessionId), isPlatform, role, hospital.id],
    ),
  );
  return people;
}
