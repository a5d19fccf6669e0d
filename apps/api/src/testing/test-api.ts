import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { HospitalRole, Problem } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import type { Type } from '@nestjs/common';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { createApplication, type Application } from '../application.js';
import { AccessTokenIssuer } from '../features/auth/access-token.issuer.js';
import { ApiConfig } from '../platform/config/api-config.js';
import { createTestUser, type TestUser, type TestUserOptions } from './test-hospital.js';

export interface TestResponse<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: LightMyRequestResponse['headers'];
}

/** Somebody signed in to the application under test. */
export interface TestCaller extends TestUser {
  readonly accessToken: string;
}

/** The real application on real servers, asked without a network in between. */
export class TestApi {
  private constructor(readonly application: Application) {}

  /** With quotas that no test reaches, unless `env` says otherwise. */
  static async start(env: NodeJS.ProcessEnv = {}, features: readonly Type[] = []): Promise<TestApi> {
    const settings = { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '1', RATE_LIMIT_FACTOR: '1000' };
    const config = new ApiConfig({ ...process.env, ...settings, ...env });
    return new TestApi(await createApplication(config, features));
  }

  close(): Promise<void> {
    return this.application.nest.close();
  }

  /** A user with that role and a valid access token. */
  async signIn(options: TestUserOptions): Promise<TestCaller> {
    const user = await createTestUser(options);
    return { ...user, accessToken: await this.tokenFor(user, options) };
  }

  tokenFor(
    user: TestUser,
    { hospital, role }: { hospital: Hospital | null; role: HospitalRole | 'super_admin' },
    issuedAt = new Date(),
  ): Promise<string> {
    const subject = { userId: user.id, sessionId: user.sessionId, hospitalId: hospital?.id ?? null, roles: [role] };
    return this.application.nest.get(AccessTokenIssuer, { strict: false }).issue(subject, issuedAt);
  }

  async send<T = Problem>(
    request: Omit<InjectOptions, 'method'> & { readonly method: string },
    caller?: { readonly accessToken: string },
  ): Promise<TestResponse<T>> {
    const authorization = caller ? { authorization: `Bearer ${caller.accessToken}` } : {};
    // As every client does; a test of its own says what happens without.
    const key = request.method === 'POST' ? { 'idempotency-key': randomUUID() } : {};
    const response = await this.application.nest
      .getHttpAdapter()
      .getInstance()
      .inject({ ...(request as InjectOptions), headers: { ...key, ...request.headers, ...authorization } });
    const json = String(response.headers['content-type']).includes('json') && response.body !== '';
    return {
      status: response.statusCode,
      body: (json ? response.json() : response.body) as T,
      headers: response.headers,
    };
  }
}
