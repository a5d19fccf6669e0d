import { withOwner } from '@hms/database';
import { verify } from '@node-rs/argon2';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';

const HMS = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const direct = process.env['DATABASE_DIRECT_URL'] ?? '';
/** A deadline for tests that start several processes, in milliseconds. */
const PATIENCE = 60_000;
const slug = `t${randomBytes(6).toString('hex')}`;
const email = `${slug}@example.org`;
const root = `root-${slug}@example.org`;

/** Runs the built program as an operator would. */
const hms = (...args: string[]) => hmsWith({}, ...args);

function hmsWith(env: object, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [HMS, ...args], { env: { ...process.env, ...env } }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const create = (...more: string[]): ReturnType<typeof hms> =>
  hms(
    'hospital',
    'create',
    slug,
    '--name=Test',
    '--country=KE',
    '--currency=KES',
    '--timezone=Africa/Nairobi',
    ...more,
  );

async function logsIn(user: string, output: string): Promise<boolean> {
  const password = /password (\S+) \(shown only this once\)/.exec(output)?.[1] ?? '';
  const hash = await withOwner(direct, async (owner) => {
    const { rows } = await owner.query<{ hash: string }>(
      'select password_hash as hash from public.app_user where email = $1',
      [user],
    );
    return rows[0]?.hash ?? '';
  });
  expect(hash).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  return verify(hash, password);
}

beforeAll(async () => {
  expect(await hms('migrate')).toMatchObject({ code: 0 });
}, PATIENCE);

afterAll(() =>
  withOwner(direct, async (owner) => {
    await owner.query(`drop schema if exists hospital_${slug} cascade`);
    await owner.query(
      `delete from public.membership where user_id in (select id from public.app_user where email = $1)`,
      [email],
    );
    await owner.query('delete from public.app_user where email = any ($1)', [[email, root]]);
    await owner.query(
      'delete from public.ingest_epoch where hospital_id = (select id from public.hospital where slug = $1)',
      [slug],
    );
    await owner.query(
      'delete from public.outbox_event where hospital_id = (select id from public.hospital where slug = $1)',
      [slug],
    );
    await owner.query('delete from public.hospital where slug = $1', [slug]);
    await owner.query(`drop role if exists hospital_${slug}`);
  }),
);

describe('an operator with hms', () => {
  it(
    'creates a hospital and its administrator, whose password is shown once',
    async () => {
      const first = await create(`--admin-email=${email}`);
      expect(first).toMatchObject({ code: 0, err: '' });
      expect(first.out).toContain(`Hospital ${slug} is active`);
      expect(await logsIn(email, first.out)).toBe(true);
      const again = await create(`--admin-email=${email}`);
      expect(again.code).toBe(0);
      expect(again.out).toContain(`${email} has an account already`);
      await withOwner(direct, async (owner) => {
        const { rows } = await owner.query(
          'select role from public.membership m join public.app_user u on u.id = m.user_id where u.email = $1',
          [email],
        );
        expect(rows).toEqual([{ role: 'hospital_admin' }]);
      });
    },
    PATIENCE,
  );

  it(
    'suspends and resumes it',
    async () => {
      expect(await hms('hospital', 'suspend', slug)).toMatchObject({
        code: 0,
        out: `Hospital ${slug} is suspended.\n`,
      });
      const { out } = await hms('hospital', 'list', '--json');
      expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ slug, status: 'suspended' }));
      expect(await hms('hospital', 'resume', slug)).toMatchObject({ code: 0, out: `Hospital ${slug} is active.\n` });
    },
    PATIENCE,
  );

  it(
    'limits its telemetry',
    async () => {
      const quotaOf = async (): Promise<unknown> =>
        withOwner(direct, async (owner) => {
          const query = 'select telemetry_rows_per_second as quota from public.hospital where slug = $1';
          return (await owner.query<{ quota: number | null }>(query, [slug])).rows[0]?.quota;
        });
      expect(await hms('hospital', 'quota', slug, '500')).toMatchObject({
        code: 0,
        out: `Hospital ${slug} may send 500 readings/s.\n`,
      });
      expect(await quotaOf()).toBe(500);
      expect(await hms('hospital', 'quota', slug, 'none')).toMatchObject({ code: 0 });
      expect(await quotaOf()).toBeNull();
    },
    PATIENCE,
  );

  it(
    'creates a super admin once',
    async () => {
      const { out } = await hms('user', 'create-super-admin', `--email=${root}`);
      expect(await logsIn(root, out)).toBe(true);
      const again = await hms('user', 'create-super-admin', `--email=${root}`);
      expect(again).toMatchObject({ code: 1, err: `hms: ${root} has an account already; use another address.\n` });
    },
    PATIENCE,
  );

  it('leaves in the audit and in the outbox what the API would', async () => {
    await withOwner(direct, async (owner) => {
      const about = `select id::text from public.hospital where slug = '${slug}'
                     union select id::text from public.app_user where email in ('${email}', '${root}')`;
      const { rows } = await owner.query(
        `select operation, reason, actor_id from public.audit_event where entity_ids && array(${about}) order by id`,
      );
      const reason = `operator ${userInfo().username}`;
      expect(rows).toEqual(
        [
          'hms hospital create',
          'hms hospital create --admin-email',
          'hms hospital create',
          'hms hospital create --admin-email',
          'hms hospital suspend',
          'hms hospital resume',
          'hms hospital quota',
          'hms hospital quota',
          'hms user create-super-admin',
        ].map((operation) => ({ operation, reason, actor_id: null })),
      );
      const told = await owner.query<{ type: string }>(
        `select type from public.outbox_event where hospital_id = (select id from public.hospital where slug = $1)
          order by id`,
        [slug],
      );
      expect(told.rows.map(({ type }) => type)).toEqual([
        'membership.changed',
        'membership.changed',
        'hospital.changed',
        'hospital.changed',
        'hospital.changed',
        'hospital.changed',
      ]);
    });
    const verified = await hms('audit', 'verify');
    expect(verified.out).toMatch(/^the platform: .* untouched\.$/m);
  });

  it('changes nothing without the keys of the audit', async () => {
    const { code, err } = await hmsWith({ AUDIT_KEYS_FILE: '' }, 'hospital', 'suspend', slug);
    expect([code, err]).toEqual([1, expect.stringContaining('AUDIT_KEYS_FILE')]);
    expect((await hms('hospital', 'list', '--json')).out).toMatch(new RegExp(`"${slug}"[^}]*"active"`));
  });

  it.each([
    [
      ['hospital', 'suspend', 'nowhere'],
      'hms: There is no hospital nowhere; "hms hospital list" shows those that exist.\n',
    ],
    [['hospital', 'suspend', 'No Slug'], 'not the slug of a hospital'],
    [['hospital', 'quota', 'somewhere', 'many'], 'whole number from 1 to 1000000, or "none"'],
    [['migrate', '--only', 'nowhere'], 'hms: There is no hospital nowhere'],
    [['nonsense'], "unknown command 'nonsense'"],
  ])(
    'is told in plain words what is wrong with %j',
    async (args, message) => {
      const { code, err } = await hms(...args);
      expect(code).toBe(1);
      expect(err).toContain(message);
      expect(err).not.toContain('    at ');
    },
    PATIENCE,
  );
});
