import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hospitalRoles, permissionTable, type Role } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import type { InjectOptions } from 'fastify';
import { DatabaseDigest } from './testing/fuzz/database-digest.js';
import type { Answer, FuzzCase } from './testing/fuzz/fuzz-case.js';
import { ApiDescription } from './testing/fuzz/api-description.js';
import { fuzz } from './testing/fuzz/fuzz-route.js';
import { Random } from './testing/fuzz/random.js';
import { RouteCases } from './testing/fuzz/route-cases.js';
import type { RouteAccess } from './platform/access/route-inventory.js';
import { ApiDocument } from './platform/docs/api-document.js';
import { ProbeFeature } from './testing/probe-feature.js';
import { foreignObjects, type ObjectIds } from './testing/foreign-objects.js';
import { TestApi, type TestCaller } from './testing/test-api.js';
import { createTestHospital, dropTestHospital } from './testing/test-hospital.js';

/*
 * Generated from the routes Fastify really has and from the OpenAPI document: a new route is fuzzed without
 * anybody remembering. FUZZ_SEED repeats a run, FUZZ_CASES sets how many cases each route gets.
 */

const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const casesPerRoute = Number(process.env['FUZZ_CASES'] ?? 500);

let api: TestApi;
let description: ApiDescription;
let hospital: Hospital;
/** What a platform administrator acts on: it may be suspended in the middle. */
let administered: Hospital;
let digest: DatabaseDigest;

beforeAll(async () => {
  process.stdout.write(`fuzz: FUZZ_SEED=${seed} FUZZ_CASES=${casesPerRoute}\n`);
  api = await TestApi.start({}, [ProbeFeature]);
  description = new ApiDescription(api.application.nest.get(ApiDocument, { strict: false }).get());
  [hospital, administered] = [await createTestHospital(), await createTestHospital()];
  digest = await DatabaseDigest.open(process.env['DATABASE_DIRECT_URL'] ?? '', [hospital, administered]);
});
afterAll(async () => {
  await digest.close();
  await api.close();
  await Promise.all([hospital, administered].map(dropTestHospital));
});

/** Somebody whom the route lets in, signed in anew whenever a request ended the session. */
class Caller {
  #current: Promise<TestCaller> | undefined;

  constructor(private readonly role: Role | undefined) {}

  async send(request: FuzzCase): Promise<Answer> {
    const first = await this.#ask(request);
    if (first.status !== 401 || this.role === undefined) return first;
    this.#current = undefined;
    return this.#ask(request);
  }

  async #ask({ headers, ...request }: FuzzCase): Promise<Answer> {
    const begun = performance.now();
    const authorization = await this.#authorization();
    const options = { ...request, headers: { ...headers, ...authorization } } as InjectOptions;
    const response = await api.application.nest.getHttpAdapter().getInstance().inject(options);
    const milliseconds = performance.now() - begun;
    return { status: response.statusCode, headers: response.headers, body: response.body, milliseconds };
  }

  async #authorization(): Promise<{ authorization?: string }> {
    const { role } = this;
    if (role === undefined) return {};
    this.#current ??= api.signIn({ hospital: role === 'super_admin' ? null : hospital, role });
    return { authorization: `Bearer ${(await this.#current).accessToken}` };
  }
}

const callers = new Map<Role | undefined, Caller>();
function callerFor({ rule }: RouteAccess): Caller {
  const role = rule.kind === 'public' ? undefined : firstGranted(permissionTable[rule.permission]);
  const caller = callers.get(role) ?? new Caller(role);
  callers.set(role, caller);
  return caller;
}

/** The patient comes last: it sees nobody else's record. */
const firstGranted = (granted: readonly Role[]): Role | undefined =>
  hospitalRoles.find((role) => role !== 'patient' && granted.includes(role)) ?? granted[0];

/** Fields that name an object are called after it: `wardId`. */
function fieldsOf(objects: ObjectIds): Record<string, string> {
  const kinds = ['patient', 'ward', 'bed', 'gateway', 'device', 'user', 'assignment'];
  const idOf = (kind: string): string => objects.fill(`/${kind}s/:id`).split('/').at(-1) ?? '';
  return Object.fromEntries(kinds.flatMap((kind) => [`${kind}Id`, `${kind}Ids`].map((name) => [name, idOf(kind)])));
}

/** Made anew for every route that may change or end them. */
const made = new Map<Hospital, ObjectIds>();
async function objectsFor({ method, url }: RouteAccess): Promise<ObjectIds> {
  const owner = url.includes('/hospitals') ? administered : hospital;
  const known = made.get(owner);
  if (known && method === 'GET') return known;
  const objects = await foreignObjects(owner);
  made.set(owner, objects);
  return objects;
}

async function fuzzRoute(route: RouteAccess, index: number): Promise<string[]> {
  const objects = await objectsFor(route);
  const fill = (url: string): string => objects.fill(url.replace(/(problems|assets)\/:\w+/, '$1/x'));
  const cases = new RouteCases(route, description, { fill, fields: fieldsOf(objects) });
  const random = new Random(seed + index);
  const caller = callerFor(route);
  return fuzz(
    { send: (request) => caller.send(request), digest: () => digest.read() },
    Array.from({ length: casesPerRoute }, () => cases.next(random)),
  );
}

describe('every route, given what no client should send,', () => {
  it('refuses with a problem, never fails, and writes nothing when it refuses', async () => {
    const found: string[] = [];
    const routes = api.application.routes.filter(({ method }) => method !== 'HEAD');
    expect(routes.length).toBeGreaterThan(50);
    for (const [index, route] of routes.entries()) {
      for (const what of await fuzzRoute(route, index)) found.push(`${route.method} ${route.url}: ${what}`);
      if (process.env['FUZZ_VERBOSE'])
        process.stdout.write(`${route.method} ${route.url} ${process.uptime().toFixed(1)} s\n`);
    }
    expect(found).toEqual([]);
  }, 1_400_000);
});
