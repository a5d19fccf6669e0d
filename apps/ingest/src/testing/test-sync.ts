import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { accessTokenAudience, accessTokenIssuer, accessTokenType, suits } from '@hms/auth';
import {
  type HospitalRole,
  type SyncRegistered,
  type SyncRequestBody,
  type SyncResponse,
  syncProtocol,
  syncSchema,
} from '@hms/contracts';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { uuidv7 } from 'uuidv7';
import { variable } from './environment.js';
import type { TestHospital } from './test-hospital.js';
import { TestIngest, type TestIngestOptions } from './test-ingest.js';

/** A user with a session in the hospital, and its token. */
export interface TestUser {
  readonly userId: string;
  readonly sessionId: string;
  readonly token: string;
}

export interface Answer<T = SyncResponse> {
  readonly status: number;
  readonly body: T;
}

/** An op but for what a test does not care about. */
export interface GivenOp {
  readonly seq?: number;
  readonly op?: string;
  readonly entity?: string;
  readonly id?: string;
  readonly kind?: string;
  readonly base?: number;
  readonly patch?: Readonly<Record<string, unknown>>;
  readonly cmd?: object;
  readonly deps?: readonly string[];
  readonly group?: string;
}

/** An op as it is sent. */
export type SentOp = GivenOp & { readonly seq: number; readonly op: string; readonly id: string };

type Request = Partial<Omit<SyncRequestBody, 'ops'>>;

/** Signs tokens, publishes the key, and starts services that believe it. */
export class TestSync {
  private constructor(
    private readonly keys: Server,
    private readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'],
  ) {}

  static async open(): Promise<TestSync> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'EdDSA', use: 'sig' };
    const keys = createServer((_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    await once(keys.listen(0, '127.0.0.1'), 'listening');
    return new TestSync(keys, privateKey);
  }

  close(): void {
    this.keys.close();
  }

  /** What a service needs to serve `/sync`. */
  get env(): Record<string, string> {
    const { port } = this.keys.address() as AddressInfo;
    return { JWKS_URL: `http://127.0.0.1:${port}/jwks.json`, AUDIT_KEYS_FILE: variable('AUDIT_KEYS_FILE') };
  }

  start(options: TestIngestOptions = {}): Promise<TestIngest> {
    return TestIngest.start({ ...options, env: { ...this.env, ...options.env } });
  }

  async addUser(
    hospital: TestHospital,
    role: HospitalRole = 'nurse',
    wardIds: readonly string[] = [],
  ): Promise<TestUser> {
    const [userId, sessionId] = [uuidv7(), uuidv7()];
    const { owner } = hospital;
    await owner.query(`insert into public.app_user (id, email, display_name) values ($1, $2, 'Test')`, [
      userId,
      `${userId}@example.org`,
    ]);
    await owner.query(
      'insert into public.membership (id, user_id, hospital_id, role, ward_ids) values ($1, $1, $2, $3, $4)',
      [userId, hospital.hospital.id, role, wardIds],
    );
    await owner.query(
      `insert into public.session (id, user_id, hospital_id, expires_at, kind, amr, mfa_at)
       values ($1, $2, $3, now() + interval '1 day', $4, '{pwd,otp}', now())`,
      [sessionId, userId, hospital.hospital.id, suits('device', [role]) ? 'device' : 'web'],
    );
    return { userId, sessionId, token: await this.token(hospital, { userId, sessionId, role }) };
  }

  token(
    hospital: TestHospital,
    { userId, sessionId, role = 'nurse' }: { userId: string; sessionId: string; role?: string },
  ): Promise<string> {
    return new SignJWT({ sid: sessionId, hid: hospital.hospital.id, roles: [role] })
      .setProtectedHeader({ alg: 'EdDSA', typ: accessTokenType, kid: 'test' })
      .setIssuer(accessTokenIssuer)
      .setAudience(accessTokenAudience)
      .setSubject(userId)
      .setIssuedAt()
      .setExpirationTime('10 minutes')
      .sign(this.privateKey);
  }
}

/** A phone, as far as the server sees one. */
export class TestPhone {
  readonly id = uuidv7();
  seq = 0;
  cursors: Record<string, string | null> = {};

  constructor(
    private readonly ingest: TestIngest,
    readonly user: TestUser,
  ) {}

  async register(mrns = 0): Promise<SyncRegistered> {
    const body = { v: syncProtocol, device: this.id, name: 'Phone', schema: syncSchema, mrns };
    const { body: answer, status } = await this.send<SyncRegistered>('/sync/register', body);
    if (status !== 200) throw new Error(`not registered: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Numbers an op and fills in the rest. */
  op(given: GivenOp): SentOp {
    this.seq += 1;
    const filled = {
      seq: this.seq,
      op: uuidv7(),
      id: uuidv7(),
      kind: 'create',
      sv: syncSchema,
      at: new Date().toISOString(),
    };
    return { ...filled, ...given };
  }

  push(ops: readonly SentOp[], more: Request = {}): Promise<Answer> {
    const body = { v: syncProtocol, device: this.id, schema: syncSchema, ops, ...more };
    return this.send<SyncResponse>('/sync', body);
  }

  /** Pulls until it is complete, and keeps the cursors. @returns the answers */
  async pull(entities: readonly string[], options: Record<string, unknown> = {}): Promise<SyncResponse[]> {
    const answers: SyncResponse[] = [];
    for (let complete = false; !complete;) {
      const cursors = Object.fromEntries(entities.map((name) => [name, this.cursors[name] ?? null]));
      const { status, body } = await this.push([], { pull: { cursors, ...options } });
      if (status !== 200) throw new Error(`not pulled: ${JSON.stringify(body)}`);
      this.cursors = { ...this.cursors, ...body.cursors };
      answers.push(body);
      ({ complete } = body);
    }
    return answers;
  }

  async send<T>(path: string, body: unknown): Promise<Answer<T>> {
    const response = await fetch(`${this.ingest.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.user.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as T };
  }
}
