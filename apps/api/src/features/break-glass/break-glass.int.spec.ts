import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { generateSync } from 'otplib';
import { auditRows } from '../../testing/audit-rows.js';
import { LiveClient } from '../live/testing/live-client.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { startTestWorker } from '../../testing/test-worker.js';
import { until } from '../../testing/until.js';
import type { BreakGlassDto, BreakGlassPageDto } from './break-glass.dto.js';
import { BreakGlassService } from './break-glass.service.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let mine: string;
let theirs: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  [mine, theirs] = [await wards.ward(), await wards.ward()];
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const request = { reasonCode: 'emergency', justification: 'Cardiac arrest on the ward next door' };
const nurse = () => api.signIn({ hospital, role: 'nurse', wardIds: [mine] });
const admin = () => api.signIn({ hospital, role: 'hospital_admin' });
const patient = async () => (await wards.monitored(theirs)).patientId;
const open = (caller: TestCaller, patientId: string, payload: object = request, at = api) =>
  at.send<BreakGlassDto & { code: string; breakGlassId?: string }>(
    { method: 'POST', url: `/api/v1/patients/${patientId}/break-glass`, payload },
    caller,
  );
const vitals = async (caller: TestCaller, patientId: string, at = api): Promise<number> =>
  (await at.send({ method: 'GET', url: `/api/v1/patients/${patientId}/vitals/latest` }, caller)).status;
const act = (caller: TestCaller, id: string, action: 'close' | 'review', payload: object = {}) =>
  api.send<BreakGlassDto & { code: string }>(
    { method: 'POST', url: `/api/v1/break-glass/${id}/${action}`, payload },
    caller,
  );
const list = async (caller: TestCaller, query: string): Promise<BreakGlassDto[]> =>
  (await api.send<BreakGlassPageDto>({ method: 'GET', url: `/api/v1/break-glass?limit=100&${query}` }, caller)).body
    .items;
/** As if everything about the grant had happened so much earlier. */
const age = (id: string, by: string) =>
  asOwner(async (owner) => {
    const table = `${schemaOf(hospital.slug)}.break_glass`;
    await owner.query(`alter table ${table} disable trigger protect_break_glass`);
    await owner.query(
      `update ${table} set opened_at = opened_at - $2::interval, expires_at = expires_at - $2::interval,
              closed_at = closed_at - $2::interval, review_due_at = review_due_at - $2::interval where id = $1`,
      [id, by],
    );
    await owner.query(`alter table ${table} enable trigger protect_break_glass`);
  });
const enrol = (caller: TestCaller) =>
  asOwner((owner) =>
    owner.query(`insert into public.totp_factor (user_id, secret_sealed, confirmed_at) values ($1, 'x', now())`, [
      caller.id,
    ]),
  );
const proved = (caller: TestCaller, ago: string) =>
  asOwner((owner) =>
    owner.query('update public.session set proved_at = now() - $2::interval where id = $1', [caller.sessionId, ago]),
  );

let address: string | undefined;
/** Where the API listens, from the first time that somebody asks. */
async function listening(): Promise<string> {
  if (address === undefined) await api.application.nest.listen(0, '127.0.0.1');
  address ??= await api.application.nest.getUrl();
  return address;
}

describe('breaking the glass', () => {
  it('opens one patient beyond the wards of a nurse, and no other', async () => {
    const [caller, one, another] = [await nurse(), await patient(), await patient()];
    expect(await vitals(caller, one)).toBe(404);
    const { status, body } = await open(caller, one);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...request, patientId: one, userId: caller.id, status: 'open', overdue: false });
    expect(Date.parse(body.expiresAt) - Date.parse(body.openedAt)).toBe(3_600_000);
    expect([await vitals(caller, one), await vitals(caller, another)]).toEqual([200, 404]);
    expect(await vitals(await nurse(), one)).toBe(404);
  });

  it('ends on time', async () => {
    const [caller, id] = [await nurse(), await patient()];
    const { body } = await open(caller, id, { ...request, minutes: 10 });
    await age(body.id, '9 minutes 50 seconds');
    expect(await vitals(caller, id)).toBe(200);
    await age(body.id, '10 seconds');
    expect(await vitals(caller, id)).toBe(404);
  });

  it('ends to the millisecond', async () => {
    const [caller, id] = [await nurse(), await patient()];
    const { body } = await open(caller, id);
    const service = api.application.nest.get(BreakGlassService, { strict: false });
    const actor = { hospital, userId: caller.id, wardIds: [mine] } as unknown as Parameters<
      BreakGlassService['runningFor']
    >[0];
    const end = Date.parse(body.expiresAt);
    expect(await service.runningFor(actor, id, new Date(end - 1))).toBe(body.id);
    expect(await service.runningFor(actor, id, new Date(end))).toBeUndefined();
  });

  it('ends when its holder closes it, and nobody else can', async () => {
    const [caller, id] = [await nurse(), await patient()];
    const { body } = await open(caller, id);
    expect((await act(await nurse(), body.id, 'close')).body.code).toBe('break-glass.not-found');
    expect((await act(caller, body.id, 'close')).body).toMatchObject({ status: 'unreviewed' });
    expect(await vitals(caller, id)).toBe(404);
    expect((await act(caller, body.id, 'close')).body.code).toBe('break-glass.ended');
    expect((await open(caller, id)).status).toBe(201);
  });

  it.each(['one patient', 'ten patients'])(
    'is granted once to one who asks for %s at the same moment',
    async (which) => {
      const [caller, one] = [await nurse(), await patient()];
      const asked: string[] = [];
      for (let i = 0; i < 10; i++) asked.push(which === 'one patient' ? one : await patient());
      const answers = await Promise.all(asked.map((id) => open(caller, id)));
      const granted = answers.filter(({ status }) => status === 201).map(({ body }) => body.id);
      expect(granted).toHaveLength(1);
      const refused = answers.filter(({ status }) => status === 409);
      expect(refused.map(({ body }) => [body.code, body.breakGlassId])).toEqual(
        Array.from({ length: 9 }, () => ['break-glass.already-open', granted[0]]),
      );
    },
  );

  it('is of the next patient once the one before is closed or over', async () => {
    const caller = await nurse();
    const { body: first } = await open(caller, await patient());
    expect((await open(caller, await patient())).body).toMatchObject({ breakGlassId: first.id });
    await age(first.id, '1 hour');
    const { status, body: second } = await open(caller, await patient());
    expect(status).toBe(201);
    await act(caller, second.id, 'close');
    expect((await open(caller, await patient())).status).toBe(201);
  });

  it('takes a proof of who it is within 5 minutes, which renewing does not give', async () => {
    const [caller, id] = [await nurse(), await patient()];
    await enrol(caller);
    await proved(caller, '5 minutes 1 second');
    expect(await open(caller, id)).toMatchObject({ status: 403, body: { code: 'break-glass.proof-required' } });
    await proved(caller, '4 minutes');
    expect((await open(caller, id)).status).toBe(201);
  });

  it.each(['doctor', 'nurse'] as const)('takes the second factor as fresh, of a %s', async (role) => {
    const [caller, id] = [await api.signIn({ hospital, role, wardIds: [mine] }), await patient()];
    await enrol(caller);
    const verified = (ago: string) =>
      asOwner((owner) =>
        owner.query('update public.session set mfa_at = now() - $2::interval where id = $1', [caller.sessionId, ago]),
      );
    await verified('5 minutes 1 second');
    expect((await open(caller, id)).body.code).toBe('break-glass.proof-required');
    await verified('4 minutes');
    expect((await open(caller, id)).status).toBe(201);
  });

  it('is open to a nurse without a second factor once they set one up', async () => {
    const caller = await api.signIn({ hospital, role: 'nurse', wardIds: [mine], secondFactor: false });
    const id = await patient();
    expect(await open(caller, id)).toMatchObject({ status: 403, body: { code: 'break-glass.second-factor-missing' } });
    const post = <T>(path: string, payload: object) =>
      api.send<T>({ method: 'POST', url: `/api/v1/auth/mfa/${path}`, payload }, caller);
    const { secret } = (await post<{ secret: string }>('totp', {})).body;
    expect((await open(caller, id)).body.code).toBe('break-glass.second-factor-missing');
    await post('totp/confirm', { code: generateSync({ secret }) });
    expect((await open(caller, id)).status).toBe(201);
  });

  it('is not for whom nothing is closed', async () => {
    const caller = await api.signIn({ hospital, role: 'doctor' });
    expect((await open(caller, await patient())).body.code).toBe('break-glass.not-needed');
  });

  it.each([
    [{ reasonCode: 'emergency' }],
    [{ ...request, justification: 'too short' }],
    [{ ...request, justification: 'x'.repeat(1_001) }],
    [{ ...request, reasonCode: 'curiosity' }],
    [{ ...request, minutes: 61 }],
    [{ ...request, minutes: 0 }],
    [{ ...request, userId: 'somebody' }],
  ])('is refused for %j', async (payload) => {
    expect((await open(await nurse(), await patient(), payload)).status).toBe(422);
  });

  it('works with Redis down', async () => {
    const inherited = process.env['REDIS_URL'];
    process.env['REDIS_URL'] = 'redis://127.0.0.1:1';
    const alone = await TestApi.start();
    process.env['REDIS_URL'] = inherited;
    const [caller, id] = [await nurse(), await patient()];
    expect((await open(caller, id, request, alone)).status).toBe(201);
    expect(await vitals(caller, id, alone)).toBe(200);
    await alone.close();
  });

  it('opens no ward to an open socket', async () => {
    const caller = await nurse();
    await open(caller, await patient());
    const auth = { token: caller.accessToken, wardId: theirs };
    const socket = new LiveClient(await listening(), { auth });
    expect(await socket.refusedWith()).toBe('live.ward-not-found');
    socket.close();
  });
});

describe('an access by broken glass', () => {
  it('carries the grant in the audit, from opening to closing and for that patient only', async () => {
    const [caller, one, another] = [await nurse(), await patient(), await patient()];
    const read = (patientId: string, path = '') =>
      api.send({ method: 'GET', url: `/api/v1/patients/${patientId}${path}` }, caller);
    await read(one);
    const { body: grant } = await open(caller, one);
    await read(one);
    await read(one, '/vitals/latest');
    await read(another);
    const allergy = { substance: 'latex', category: 'environment' };
    await api.send({ method: 'POST', url: `/api/v1/patients/${one}/allergies`, payload: allergy }, caller);
    await act(caller, grant.id, 'close');
    await read(one);
    const rows = (await auditRows(hospital, caller.id)).filter(({ entity }) => entity !== 'break-glass');
    expect(
      rows.map(({ patient_ids, action, outcome, break_glass }) => [patient_ids, action, outcome, break_glass]),
    ).toEqual([
      [[one], 'read', 'success', null],
      [[one], 'read', 'success', grant.id],
      [[one], 'read', 'success', grant.id],
      [[another], 'read', 'success', null],
      [[one], 'create', 'success', grant.id],
      [[one], 'read', 'success', null],
    ]);
  });

  it('is heard at once on the socket of somebody who reviews it, and on no other', async () => {
    const worker = await startTestWorker([]);
    const reviewer = await api.signIn({ hospital, role: 'nurse' });
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role)
         values (gen_random_uuid(), $1, $2, 'hospital_admin')`,
        [reviewer.id, hospital.id],
      ),
    );
    const [caller, id] = [await nurse(), await patient()];
    const url = await listening();
    const sockets = [reviewer, await api.signIn({ hospital, role: 'doctor' })].map(
      ({ accessToken }) => new LiveClient(url, { auth: { token: accessToken } }),
    );
    for (const socket of sockets) await socket.ready();
    const { body } = await open(caller, id);
    const [heard, unheard] = sockets as [LiveClient, LiveClient];
    await until(() => JSON.stringify(heard.heard('change')).includes(body.id));
    expect(JSON.stringify(unheard.heard('change'))).not.toContain(body.id);
    for (const socket of sockets) socket.close();
    await worker.close();
  });
});

describe('a review', () => {
  const verdict = { outcome: 'justified', note: 'The arrest team was called from there' };

  it('is done once, by somebody else, and stays', async () => {
    const [caller, reviewer] = [await nurse(), await admin()];
    const { body } = await open(caller, await patient());
    expect(await list(reviewer, 'status=open')).toContainEqual(expect.objectContaining({ id: body.id }));
    const verdicts = await Promise.all([
      act(reviewer, body.id, 'review', verdict),
      act(await admin(), body.id, 'review', verdict),
    ]);
    expect(verdicts.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await list(reviewer, 'status=reviewed')).toContainEqual(
      expect.objectContaining({ id: body.id, outcome: 'justified', reviewNote: verdict.note }),
    );
    const rewrite = asOwner((owner) =>
      owner.query(`update ${schemaOf(hospital.slug)}.break_glass set outcome = 'unjustified' where id = $1`, [body.id]),
    );
    await expect(rewrite).rejects.toThrow('a broken glass is not mended');
  });

  it('is never one’s own, the database agrees', async () => {
    const both = await nurse();
    const { body } = await open(both, await patient());
    const own = api.application.nest.get(BreakGlassService, { strict: false });
    const actor = { hospital, userId: both.id, origin: {} } as unknown as Parameters<BreakGlassService['review']>[0];
    await expect(own.review(actor, body.id, { outcome: 'justified', note: 'mine' })).rejects.toThrow(
      'break-glass.own-review',
    );
    const forced = asOwner((owner) =>
      owner.query(
        `update ${schemaOf(hospital.slug)}.break_glass
            set reviewed_at = now(), reviewed_by = user_id, outcome = 'justified' where id = $1`,
        [body.id],
      ),
    );
    await expect(forced).rejects.toThrow('check constraint');
  });

  it('that is late is shown as overdue', async () => {
    const reviewer = await admin();
    const { body } = await open(await nurse(), await patient());
    await age(body.id, '71 hours 59 minutes');
    expect(await list(reviewer, 'status=unreviewed')).toContainEqual(
      expect.objectContaining({ id: body.id, overdue: false }),
    );
    await age(body.id, '2 minutes');
    expect(await list(reviewer, 'status=unreviewed')).toContainEqual(
      expect.objectContaining({ id: body.id, overdue: true }),
    );
  });

  it('is not for nurses', async () => {
    const { body } = await open(await nurse(), await patient());
    expect((await act(await nurse(), body.id, 'review', verdict)).status).toBe(403);
  });
});
