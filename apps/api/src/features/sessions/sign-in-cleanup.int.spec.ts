import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import {
  asOwner,
  createTestHospital,
  createTestUser,
  dropTestHospital,
  type TestUser,
} from '../../testing/test-hospital.js';
import { SignInCleanupJob } from './sign-in-cleanup.job.js';
import { SignInCleanupRepository } from './sign-in-cleanup.repository.js';

let database: HospitalDatabase;
let hospital: Hospital;
let user: TestUser;

beforeAll(async () => {
  database = new HospitalDatabase({ url: process.env['DATABASE_URL'] ?? '', poolSize: 2, onError: () => undefined });
  hospital = await createTestHospital();
  user = await createTestUser({ hospital, role: 'nurse' });
});

afterAll(async () => {
  await database.close();
  await dropTestHospital(hospital);
});

const ended = () => new SignInCleanupRepository(database);
const job = () => new SignInCleanupJob(ended());

/** A session with a token and its successor, that ended so many days ago by being revoked, or else by expiring. */
async function session(daysAgo: number, revoked: boolean): Promise<string> {
  const id = uuidv7();
  await asOwner(async (owner) => {
    await owner.query(
      `insert into public.session (id, user_id, hospital_id, expires_at, revoked_at, revoke_reason)
       values ($1, $2, $3, now() - $4 * interval '1 day' + case when $5 then interval '30 days' else '0' end,
               case when $5 then now() - $4 * interval '1 day' end, case when $5 then 'logout' end)`,
      [id, user.id, hospital.id, daysAgo, revoked],
    );
    await owner.query('begin');
    await owner.query(
      `insert into public.refresh_token (token_hash, session_id, rotated_at, successor)
       values (sha256($1::bytea), $2, now(), sha256($1::bytea || '.'::bytea)), (sha256($1::bytea || '.'::bytea), $2, null, null)`,
      [id, id],
    );
    await owner.query('commit');
  });
  return id;
}

/** What is left of sessions, and how many tokens each has. */
async function left(ids: readonly string[]): Promise<(number | undefined)[]> {
  const { rows } = await asOwner((owner) =>
    owner.query<{ id: string; tokens: number }>(
      `select s.id, count(t.token_hash)::int as tokens from public.session s
         left join public.refresh_token t on t.session_id = s.id where s.id = any ($1) group by s.id`,
      [ids],
    ),
  );
  return ids.map((id) => rows.find((row) => row.id === id)?.tokens);
}

describe('the daily cleanup', () => {
  it('deletes tokens 30 days and sessions 90 days after the end, and nothing that lives', async () => {
    const ids: string[] = [];
    for (const daysAgo of [-1, 29, 31, 89, 91]) ids.push(await session(daysAgo, daysAgo > 0 && daysAgo % 2 === 1));
    ids.push(await session(29, false), await session(91, false));
    await job().run();
    expect(await left(ids)).toEqual([2, 2, 0, 0, undefined, 2, undefined]);
    expect(await left([user.sessionId])).toEqual([1]);
  });

  it('looks at each session once, also when all ended at the same moment', async () => {
    // Before anything else in the database, so that these are the first pages.
    const [endedAt, before] = ['1999-12-31 23:59:59.123456+00', new Date('2000-01-01')];
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push(await session(91, true));
    await asOwner((owner) =>
      owner.query('update public.session set revoked_at = $2 where id = any ($1)', [ids, endedAt]),
    );
    const pages: (string | undefined)[] = [];
    for (let place = await ended().deleteTokens(before, 2); place; place = await ended().deleteTokens(before, 2, place))
      pages.push(place.id);
    expect(pages).toEqual([ids[1], ids[3], ids[4]]);
    expect(await left(ids)).toEqual([0, 0, 0, 0, 0]);
    await job().run();
    expect(await left(ids)).toEqual(Array(5).fill(undefined));
  });

  it('goes on with the rest when a part of it fails, and says so', async () => {
    const id = await session(91, true);
    await ended().deleteTokens(new Date(), 1_000_000);
    const partly = ended();
    partly.deleteTokens = () => Promise.reject(new Error('too slow'));
    await expect(new SignInCleanupJob(partly).run()).rejects.toMatchObject({ errors: [{ message: 'too slow' }] });
    expect(await left([id])).toEqual([undefined]);
  });

  it('deletes invitations 90 days after they ended, however they did', async () => {
    const invitation = async (column: string, daysAgo: number) => {
      const { id } = await createTestUser({ hospital, role: 'nurse' });
      await asOwner(async (owner) => {
        await owner.query(
          `insert into public.invitation (token_hash, user_id, hospital_id, created_by, expires_at)
           values (sha256($1::bytea), $2, $3, $2, now() + interval '7 days')`,
          [id, id, hospital.id],
        );
        const end = `update public.invitation set ${column} = now() - $2 * interval '1 day' where user_id = $1`;
        await owner.query(end, [id, daysAgo]);
      });
      return id;
    };
    const users: string[] = [];
    for (const column of ['accepted_at', 'revoked_at', 'expires_at'])
      for (const daysAgo of [89, 91]) users.push(await invitation(column, daysAgo));
    await job().run();
    const { rows } = await asOwner((owner) =>
      owner.query<{ user_id: string }>('select user_id from public.invitation where user_id = any ($1)', [users]),
    );
    expect(rows.map(({ user_id }) => users.indexOf(user_id)).sort()).toEqual([0, 2, 4]);
  });
});
