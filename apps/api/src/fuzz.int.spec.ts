import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hospitalRoles, permissionTable, type Role } from '@hms/contracts';
import { schemaOf, type Hospital } from '@hms/database';
import { DatabaseDigest } from './testing/fuzz/database-digest.js';
import { FuzzCallers } from './testing/fuzz/fuzz-callers.js';
import { ApiDescription } from './testing/fuzz/api-description.js';
import { fuzz } from './testing/fuzz/fuzz-route.js';
import { LeakyFeature } from './testing/fuzz/leaky-feature.js';
import { Random } from './testing/fuzz/random.js';
import { RouteCases } from './testing/fuzz/route-cases.js';
import type { RouteAccess } from './platform/access/route-inventory.js';
import { ApiDocument } from './platform/docs/api-document.js';
import { ProbeFeature } from './testing/probe-feature.js';
import { foreignObjects, type ObjectIds } from './testing/foreign-objects.js';
import { TestApi } from './testing/test-api.js';
import { createTestHospital, dropTestHospital } from './testing/test-hospital.js';
import { until } from './testing/until.js';

/*
 * Generated from the routes Fastify really has and from the OpenAPI document: a new route is fuzzed without
 * anybody remembering. Each run draws other cases. FUZZ_SEED repeats a run, FUZZ_CASES sets how many cases each route gets
 * (500 for the night), FUZZ_ROUTE keeps to the addresses that contain it.
 */

const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const casesPerRoute = Number(process.env['FUZZ_CASES'] ?? 120);
const only = process.env['FUZZ_ROUTE'] ?? '';
const shownPerRoute = 5;

let api: TestApi;
let description: ApiDescription;
let hospital: Hospital;
/** What a platform administrator acts on: it may be suspended in the middle. */
let administered: Hospital;
let digest: DatabaseDigest;

beforeAll(async () => {
  process.stdout.write(`fuzz: FUZZ_SEED=${seed} FUZZ_CASES=${casesPerRoute}\n`);
  api = await TestApi.start({}, [ProbeFeature, LeakyFeature]);
  description = new ApiDescription(api.application.nest.get(ApiDocument, { strict: false }).get());
  [hospital, administered] = [await createTestHospital(), await createTestHospital()];
  digest = await DatabaseDigest.open(process.env['DATABASE_DIRECT_URL'] ?? '', [hospital, administered]);
});
afterAll(async () => {
  await digest.close();
  await api.close();
  await Promise.all([hospital, administered].map(dropTestHospital));
});

const callers = new Map<Role | undefined, FuzzCallers>();
function callersFor({ rule }: RouteAccess): FuzzCallers {
  const role = rule.kind === 'public' ? undefined : firstGranted(permissionTable[rule.permission]);
  const known = callers.get(role) ?? new FuzzCallers(api, hospital, role);
  callers.set(role, known);
  return known;
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

async function fuzzRoute(route: RouteAccess, index: number, count = casesPerRoute): Promise<string[]> {
  const objects = await objectsFor(route);
  const fill = (url: string): string => objects.fill(url.replace(/(problems|assets)\/:\w+/, '$1/x'));
  const cases = new RouteCases(route, description, { fill, fields: fieldsOf(objects) });
  const random = new Random(seed + index);
  const caller = callersFor(route);
  const settle = async (requests: number): Promise<void> => {
    await caller.refill(requests);
    await until(() => digest.isQuiet(), 60_000);
  };
  return fuzz(
    { settle, send: (request) => caller.send(request), digest: () => digest.read(), rows: (t) => digest.rows(t) },
    Array.from({ length: count }, () => cases.next(random)),
  );
}

describe('every route, given what no client should send,', () => {
  const isControl = ({ url }: RouteAccess): boolean => url.includes('/leaky');
  const control = (ending: string): RouteAccess => {
    const route = api.application.routes.find(({ url }) => url.endsWith(ending));
    if (!route) throw new Error(`there is no control ${ending}`);
    return route;
  };

  it('refuses with a problem, never fails, and writes nothing when it refuses', async () => {
    const routes = api.application.routes.filter((route) => route.method !== 'HEAD' && !isControl(route));
    expect(routes.length).toBeGreaterThan(50);
    const begun = performance.now();
    const found: string[] = [];
    for (const [index, route] of routes.entries()) {
      if (!route.url.includes(only)) continue;
      const faults = await fuzzRoute(route, index);
      const shown = faults.slice(0, shownPerRoute).map((what) => `${route.method} ${route.url}: ${what}`);
      found.push(...shown, ...(faults.length > shown.length ? [`… and ${faults.length - shown.length} more`] : []));
    }
    const seconds = Math.round((performance.now() - begun) / 1_000);
    process.stdout.write(`fuzz: ${routes.length} routes in ${seconds} s\n`);
    expect({ FUZZ_SEED: seed, found }).toEqual({ FUZZ_SEED: seed, found: [] });
  }, 1_400_000);

  it('is found out when it writes and then refuses: with the table and the row (control)', async () => {
    const found = await fuzzRoute(control('/leaky'), 0, 8);
    // Beside it whatever a round of the services wrote meanwhile.
    const row = new RegExp(
      `refused, but written in .*\\b${schemaOf(hospital.slug)}\\.ward \\["[0-9a-f-]{36}"\\].*: curl`,
    );
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(found.map(() => expect.stringMatching(row)));
  });

  it('is found out when it does so the first time only, among requests that it takes (control)', async () => {
    const found = await fuzzRoute(control('/leaky/once'), 0, 60);
    const report = new RegExp(
      `refused, but written in .*\\b${schemaOf(hospital.slug)}\\.ward\\b.*, by one of \\d+ and the first`,
    );
    expect(found).toEqual([expect.stringMatching(report)]);
  });
});
