import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hospitalRoles, permissionTable, type Role } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import type { RouteAccess } from './platform/access/route-inventory.js';
import { auditRows, type AuditRow } from './testing/audit-rows.js';
import { foreignObjects, type ObjectIds } from './testing/foreign-objects.js';
import { ApiDescription } from './testing/fuzz/api-description.js';
import { Bodies } from './testing/fuzz/bodies.js';
import { Random } from './testing/fuzz/random.js';
import { ProbeFeature } from './testing/probe-feature.js';
import { TestApi, type TestCaller } from './testing/test-api.js';
import { createTestHospital, dropTestHospital } from './testing/test-hospital.js';

/*
 * Generated from the routes Fastify really has and from the OpenAPI document: a new audited route is covered without
 * anybody remembering.
 */

let api: TestApi;
let description: ApiDescription;
let hospital: Hospital;
/** What a platform administrator acts on: it is suspended in the middle. */
let administered: Hospital;

beforeAll(async () => {
  api = await TestApi.start({}, [ProbeFeature]);
  description = new ApiDescription(JSON.parse(await readFile(document, 'utf8')) as object);
  [hospital, administered] = [await createTestHospital(), await createTestHospital()];
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, administered].map(dropTestHospital));
});

const name = ({ method, url }: RouteAccess): string => `${method} ${url}`;
const auditedRoutes = (): RouteAccess[] =>
  api.application.routes.filter(({ audited, method }) => audited && method !== 'HEAD');

/** The committed one: what tests describe of themselves lacks what the compiler adds to it. */
const document = new URL('../openapi.json', import.meta.url);
/** In no document. */
const probeBody = { payload: { code: 'PROBE-1', name: 'Probe' } };

async function callerFor({ rule }: RouteAccess, objects: ObjectIds): Promise<TestCaller> {
  const granted: readonly Role[] = rule.kind === 'permission' ? permissionTable[rule.permission] : [];
  // The patient comes last: it sees nobody else's record.
  const role = hospitalRoles.find((each) => each !== 'patient' && granted.includes(each)) ?? granted[0] ?? 'patient';
  if (role === 'super_admin') return api.signIn({ hospital: null, role });
  return api.signIn({ hospital, role, patientId: idOf(objects, 'patient') });
}

const idOf = (objects: ObjectIds, kind: string): string => objects.fill(`/${kind}s/:id`).split('/').at(-1) ?? '';

function bodyFor(route: RouteAccess, objects: ObjectIds, random: Random): object {
  if (route.url.includes('/probe/')) return route.method === 'GET' ? {} : probeBody;
  const { body } = description.input(route);
  if (!body) return route.method === 'GET' || route.method === 'DELETE' ? {} : { payload: {} };
  const kinds = ['patient', 'ward', 'bed', 'gateway', 'device', 'user', 'assignment'];
  const fields = kinds.flatMap((kind) => [`${kind}Id`, `${kind}Ids`].map((field) => [field, idOf(objects, kind)]));
  return {
    payload: new Bodies(description, body, Object.fromEntries(fields) as Record<string, string>).fitting(random),
  };
}

/** Of the others, some need a state that one request does not make. */
const mustSucceed = ['POST /api/v1/probe/wards', 'POST /api/v1/probe/wards/:id/rename', 'GET /api/v1/probe/wards/:id'];

interface Use {
  readonly caller: TestCaller;
  readonly rows: readonly AuditRow[];
}

/** One successful use of the route, with all the rows its caller left; undefined when no simple request succeeds. */
async function use(route: RouteAccess, index: number): Promise<Use | undefined> {
  const random = new Random(index);
  for (let tries = 0; tries < 3; tries += 1) {
    const objects = await foreignObjects(route.url.includes('/hospitals') ? administered : hospital);
    const caller = await callerFor(route, objects);
    const body = bodyFor(route, objects, random);
    const request = { method: route.method, url: objects.fill(route.url), headers: { 'if-match': '"1"' } };
    const { status } = await api.send({ ...request, ...body }, caller);
    if (status >= 300) continue;
    const rows = [...(await auditRows(hospital, caller.id)), ...(await auditRows(null, caller.id))];
    return { caller, rows };
  }
  return undefined;
}

describe('every audited route', () => {
  it('leaves one row of a successful use for each record it changes, with who it was and what came of it', async () => {
    const [wrong, seen]: [string[], string[]] = [[], []];
    for (const [index, route] of auditedRoutes().entries()) {
      const used = await use(route, index);
      if (!used) continue;
      seen.push(name(route));
      const said = used.rows.map((row) => `${row.operation} ${row.outcome} ${row.session_id ?? ''}`);
      const records = used.rows.map((row) => `${row.entity} ${row.entity_ids.join()}`);
      const once = new Set(records).size === Math.max(1, said.length);
      const expected = `${name(route)} success ${used.caller.sessionId}`;
      if (!once || said.some((each) => each !== expected))
        wrong.push(`${name(route)}: ${said.join()} of ${records.join()}`);
    }
    expect(wrong).toEqual([]);
    expect(seen).toEqual(expect.arrayContaining(mustSucceed));
  }, 300_000);
});
