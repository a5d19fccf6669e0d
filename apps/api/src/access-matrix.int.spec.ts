import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accessTokenLifetimeSeconds } from '@hms/auth';
import { hospitalRoles, permissionTable, roles, type Permission, type Role } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import type { RouteAccess } from './platform/access/route-inventory.js';
import { TestApi, type TestCaller } from './testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from './testing/test-hospital.js';
import { ProbeFeature } from './testing/probe-feature.js';
import { foreignObjects } from './testing/foreign-objects.js';

/*
 * Generated from the routes Fastify really has: a new route is covered without anybody remembering. What is expected
 * comes from the permission table alone, never from the guard.
 */

let api: TestApi;
let hospital: Hospital;
let other: Hospital;
let suspended: Hospital;
type Caller = { readonly accessToken: string } | undefined;
const nowhere = '01900000-0000-7000-8000-000000000000';

beforeAll(async () => {
  api = await TestApi.start({}, [ProbeFeature]);
  [hospital, other, suspended] = [await createTestHospital(), await createTestHospital(), await createTestHospital()];
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other, suspended].map(dropTestHospital));
});

const protectedRoutes = (): (RouteAccess & { permission: Permission; scope: 'hospital' | 'any' })[] =>
  api.application.routes.flatMap((route) => (route.rule.kind === 'permission' ? [{ ...route, ...route.rule }] : []));
const publicRoutes = (): RouteAccess[] => api.application.routes.filter((route) => route.rule.kind === 'public');

const fill = (url: string, id = nowhere): string => url.replace(/:\w+/g, id);
const name = ({ method, url }: RouteAccess): string => `${method} ${url}`;

async function statusOf(route: RouteAccess, caller?: { accessToken: string }, url = fill(route.url)): Promise<number> {
  const hasBody = !['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(route.method);
  const { status } = await api.send({ method: route.method, url, ...(hasBody ? { payload: {} } : {}) }, caller);
  return status;
}

/** The second, independent model: table and scope, nothing else. */
function expected(role: Role, route: { permission: Permission; scope: 'hospital' | 'any' }): 'allowed' | 'forbidden' {
  const granted = (permissionTable[route.permission] as readonly Role[]).includes(role);
  const stands = route.scope === 'any' || role !== 'super_admin';
  return granted && stands ? 'allowed' : 'forbidden';
}

const observed = (status: number): 'allowed' | 'forbidden' | 'anonymous' | 'failed' => {
  if (status === 401) return 'anonymous';
  if (status === 403) return 'forbidden';
  return status >= 500 ? 'failed' : 'allowed';
};

async function mismatches(
  who: (route: RouteAccess) => Caller | Promise<Caller>,
  wanted: (route: ReturnType<typeof protectedRoutes>[number]) => string,
): Promise<string[]> {
  const answers = await Promise.all(
    protectedRoutes().map(async (route) => {
      const seen = observed(await statusOf(route, await who(route)));
      return seen === wanted(route) ? [] : [`${name(route)}: expected ${wanted(route)}, was ${seen}`];
    }),
  );
  return answers.flat();
}

describe('every protected route', () => {
  it('is found by itself, that of a new feature too', () => {
    expect(protectedRoutes().map(name)).toContain('POST /api/v1/probe/wards/:id/rename');
  });

  it.each(roles)('admits a %s exactly where the permission table says so', async (role) => {
    const at = role === 'super_admin' ? null : hospital;
    // A session of its own for each route: some of them end it.
    expect(
      await mismatches(
        () => api.signIn({ hospital: at, role }),
        (route) => expected(role, route),
      ),
    ).toEqual([]);
  });

  it('is closed to somebody without a token', async () => {
    expect(
      await mismatches(
        () => undefined,
        () => 'anonymous',
      ),
    ).toEqual([]);
  });

  it('is closed to an expired token', async () => {
    const user = await api.signIn({ hospital, role: 'doctor' });
    const longAgo = new Date(Date.now() - (accessTokenLifetimeSeconds + 11) * 1_000);
    const accessToken = await api.tokenFor(user, { hospital, role: 'doctor' }, longAgo);
    expect(
      await mismatches(
        () => ({ accessToken }),
        () => 'anonymous',
      ),
    ).toEqual([]);
  });

  it('is closed to a token changed by one character', async () => {
    const { accessToken } = await api.signIn({ hospital, role: 'doctor' });
    const forged = accessToken.slice(0, -2) + (accessToken.endsWith('AA') ? 'BA' : 'AA');
    expect(
      await mismatches(
        () => ({ accessToken: forged }),
        () => 'anonymous',
      ),
    ).toEqual([]);
  });

  it('is closed to a token of this user for a hospital it does not work in', async () => {
    const user = await api.signIn({ hospital, role: 'doctor' });
    const accessToken = await api.tokenFor(user, { hospital: other, role: 'doctor' });
    expect(
      await mismatches(
        () => ({ accessToken }),
        () => 'anonymous',
      ),
    ).toEqual([]);
  });

  it('takes the role from the database, not from the token', async () => {
    const user = await api.signIn({ hospital, role: 'receptionist' });
    const accessToken = await api.tokenFor(user, { hospital, role: 'hospital_admin' });
    const readsOnly = (route: RouteAccess) => (route.method === 'GET' ? { accessToken } : undefined);
    const wanted = (route: ReturnType<typeof protectedRoutes>[number]) =>
      route.method === 'GET' ? expected('receptionist', route) : 'anonymous';
    expect(await mismatches(readsOnly, wanted)).toEqual([]);
  });

  it('is closed to everybody of a suspended hospital', async () => {
    const users = await Promise.all(hospitalRoles.map((role) => api.signIn({ hospital: suspended, role })));
    await asOwner((o) => o.query(`update public.hospital set status = 'suspended' where id = $1`, [suspended.id]));
    for (const user of users)
      expect(
        await mismatches(
          () => user,
          () => 'anonymous',
        ),
      ).toEqual([]);
  });

  it('is closed under every other spelling of its address', async () => {
    const spellings = (url: string): string[] => [
      `${url}/`,
      `/${url}`,
      url.replace('/api/', '/%61pi/'),
      url.replace('/v1/', '/v1//'),
      `${url};x=1`,
      `${url}.json`,
      url.toUpperCase(),
      url.replace('/v1/', '/v1/./'),
    ];
    const open: string[] = [];
    for (const route of protectedRoutes()) {
      for (const url of spellings(fill(route.url))) {
        const status = await statusOf(route, undefined, url);
        if (status < 400 || status >= 500) open.push(`${route.method} ${url}: ${status}`);
      }
    }
    expect(open).toEqual([]);
  });

  it('ignores identity in headers', async () => {
    const { id } = await api.signIn({ hospital, role: 'hospital_admin' });
    const headers = {
      'x-user': id,
      'x-user-id': id,
      'x-tenant-id': hospital.id,
      'x-hospital': hospital.slug,
      'x-role': 'super_admin',
    };
    const answer = await api.send({ method: 'GET', url: '/api/v1/me', headers });
    expect(answer.status).toBe(401);
  });
});

/** Bodies of the routes that need one before they look for their object. A new one fails below with its 422. */
const bodies: Readonly<Record<string, object>> = {
  'POST /api/v1/patients/:id/break-glass': { reasonCode: 'emergency', justification: 'A canary needs help at once' },
  'POST /api/v1/break-glass/:id/review': { outcome: 'justified', note: 'canary' },
  'PUT /api/v1/users/:id/roles': { roles: ['nurse'] },
  'DELETE /api/v1/patients/:id': { reason: 'canary' },
  'POST /api/v1/patients/:id/allergies': { substance: 'latex', category: 'environment' },
  'PUT /api/v1/patients/:id/allergy-status': { status: 'none-known' },
  'PUT /api/v1/patients/:id/ward': { wardId: null },
  'POST /api/v1/patients/:id/conditions': { display: 'canary' },
  'POST /api/v1/patients/:id/notes': { kind: 'progress', text: 'canary' },
  'POST /api/v1/patients/:id/notes/:noteId/void': { reason: 'canary' },
  'POST /api/v1/sync/conflicts/:id/resolution': { resolution: 'theirs' },
  'POST /api/v1/sync/quarantine/:id/review': { outcome: 'discarded', note: 'canary' },
  'POST /api/v1/sync/devices/:id/revocation': { wipe: false },
  'POST /api/v1/me/sync/devices/:id/revocation': { wipe: false },
  'POST /api/v1/wards/:id/beds': { label: '9' },
  'POST /api/v1/probe/wards/:id/rename': { code: 'CANARY', name: 'Canary' },
  'POST /api/v1/telemetry/dead-letters/:id/discard': { reason: 'canary' },
  'POST /api/v1/alarms/:id/resolve': { reason: 'canary' },
  'POST /api/v1/alarms/:id/notes': { note: 'canary' },
  'POST /api/v1/patients/:id/alarm-suppressions': { reason: 'canary', minutes: 5 },
  'PUT /api/v1/patients/:id/monitoring': { spo2Scale: 1, score: 'by-age' },
  'POST /api/v1/patients/:id/observations': { values: [{ code: 'acvpu', value: 'A' }] },
  'POST /api/v1/patients/:id/observations/:observationId/void': { reason: 'canary' },
  'POST /api/v1/resources/:id/schedule-rules': {
    siteId: nowhere,
    weekday: 1,
    localStart: '09:00',
    localEnd: '17:00',
    slotMin: 30,
  },
  'POST /api/v1/resources/:id/schedule-exceptions': { siteId: nowhere, kind: 'closed', firstDay: '2026-01-01' },
  'POST /api/v1/patients/:id/encounters': { class: 'AMB' },
  'PATCH /api/v1/patients/:id/encounters/:encounterId/status': { status: 'cancelled', reason: 'canary' },
  'POST /api/v1/patients/:id/encounters/:encounterId/diagnoses': { code: 'I10' },
  'PATCH /api/v1/appointments/:id/status': { status: 'cancelled' },
  'PATCH /api/v1/queue-tokens/:id/status': { status: 'called' },
  'POST /api/v1/wards/:id/rooms': { name: 'Canary' },
  'POST /api/v1/beds/:id/block': { reason: 'canary' },
  'PUT /api/v1/admissions/:id/bed': { bedId: nowhere, reason: 'canary' },
  'POST /api/v1/admissions/:id/transfer-request': { wardId: nowhere, reason: 'canary' },
  'POST /api/v1/admissions/:id/transfer-request/cancel': { reason: 'canary' },
  'POST /api/v1/admissions/:id/cancel': { reason: 'canary' },
  'POST /api/v1/admissions/:id/discharge/order': { type: 'home' },
  'POST /api/v1/admissions/:id/discharge/withdraw': { reason: 'canary' },
  'POST /api/v1/admissions/:id/departure': { state: 'absconded' },
  'POST /api/v1/devices/:id/assignments': { patientId: nowhere, wardId: nowhere },
};

describe('every route of an object', () => {
  it('answers about another hospital exactly as about something that does not exist', async () => {
    const objects = await foreignObjects(hospital);
    const strangers = new Map<Role, TestCaller>();
    for (const role of hospitalRoles) strangers.set(role, await api.signIn({ hospital: other, role }));
    const leaks: string[] = [];
    for (const route of protectedRoutes().filter(({ url, scope }) => url.includes(':') && scope === 'hospital')) {
      const role = hospitalRoles.find((r) => expected(r, route) === 'allowed');
      const stranger = role && strangers.get(role);
      if (!stranger) continue;
      const payload = bodies[name(route)] ?? {};
      const ask = async (url: string): Promise<{ status: number; body: unknown }> => {
        const hasBody = name(route) in bodies || !['GET', 'HEAD', 'DELETE'].includes(route.method);
        const { status, body } = await api.send<Record<string, unknown> | string>(
          { method: route.method, url, headers: { 'if-match': '"1"' }, ...(hasBody ? { payload } : {}) },
          stranger,
        );
        return { status, body: typeof body === 'object' ? { ...body, requestId: '' } : body };
      };
      const foreign = await ask(objects.fill(route.url));
      const absent = await ask(fill(route.url));
      // Anything but a 404 was decided before the object was looked for, and would be the same for both.
      const hidden = foreign.status === 404 && JSON.stringify(foreign) === JSON.stringify(absent);
      if (!hidden) leaks.push(`${name(route)}: ${JSON.stringify(foreign)}`);
    }
    expect(leaks).toEqual([]);
  });
});

describe('the objects of the test above', () => {
  it('are really there for their own hospital (control)', async () => {
    const objects = await foreignObjects(hospital);
    const missing: string[] = [];
    for (const route of protectedRoutes().filter(
      // What is one's own is nobody else's, in one's own hospital too.
      (r) =>
        r.method === 'GET' &&
        r.url.includes(':') &&
        r.scope === 'hospital' &&
        !r.url.startsWith('/api/v1/me/') &&
        r.permission !== 'notification:own',
    )) {
      const role = hospitalRoles.find((r) => expected(r, route) === 'allowed');
      if (role === undefined) continue;
      const status = await statusOf(route, await api.signIn({ hospital, role }), objects.fill(route.url));
      if (status !== 200) missing.push(`${name(route)}: ${status}`);
    }
    expect(missing).toEqual([]);
  });
});

describe('every public route', () => {
  it('says why it is public', () => {
    for (const route of publicRoutes()) {
      expect(route.rule.kind === 'public' && route.rule.why.length > 10 ? '' : name(route)).toBe('');
    }
  });

  it('is one of those agreed on', () => {
    expect(
      publicRoutes()
        .filter((r) => r.method !== 'HEAD')
        .map(name)
        .sort(),
    ).toMatchSnapshot();
  });
});
