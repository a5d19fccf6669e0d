import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { provisionHospital, withOwner } from '@hms/database';
import { feedStatus, hospitalStatuses } from './sync-status.js';

const url = process.env['DATABASE_DIRECT_URL'] ?? '';

it('the status of sync counts what waits for somebody, and finds the feed moving', async () => {
  await withOwner(url, async (owner) => {
    const slug = `t_${randomUUID().slice(0, 8)}`;
    const place = { country: 'IE', currency: 'EUR', timezone: 'Europe/Dublin' };
    const { id } = await provisionHospital(owner, { id: randomUUID(), slug, name: slug, ...place });
    const [user, device] = [randomUUID(), randomUUID()];
    await owner.query(`insert into public.app_user (id, email, display_name) values ($1, $2, 'Test')`, [
      user,
      `${user}@x.org`,
    ]);
    await owner.query(
      `insert into sync.device (id, hospital_id, user_id, name, schema_version, seen_at, scope_ver)
       values ($1, $2, $3, 'Phone', 1, now() - interval '8 days', 'x')`,
      [device, id, user],
    );
    await owner.query(
      `insert into hospital_${slug}.sync_quarantine (id, op_id, device_id, user_id, seq, entity, code, reason, op)
       values ($1, $1, $1, $1, 1, 'notes', 'invalid', 'x', '{}')`,
      [device],
    );
    const status = (await hospitalStatuses(owner)).find((one) => one.slug === slug);
    expect(status).toEqual({ slug, devices: 1, silent: 1, purging: 1, conflicts: 0, quarantined: 1 });
    expect(await feedStatus(owner)).toMatchObject({ epoch: 1, pos: expect.any(Number) as unknown });
    await owner.query('delete from sync.device where id = $1', [device]);
    await owner.query(`drop schema hospital_${slug} cascade`);
    await owner.query('delete from public.ingest_epoch where hospital_id = $1', [id]);
    await owner.query('delete from public.hospital where id = $1', [id]);
    await owner.query(`drop role hospital_${slug}`);
  });
}, 60_000);
