import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { provisionHospital, repeatVictims, withOwner } from '@hms/database';
import type pg from 'pg';
import { reconcile } from './reconcile.js';

const url = process.env['DATABASE_DIRECT_URL'] ?? '';

async function withHospital(work: (owner: pg.Client, slug: string) => Promise<void>): Promise<void> {
  await withOwner(url, async (owner) => {
    const slug = `t_${randomUUID().slice(0, 8)}`;
    const place = { country: 'IE', currency: 'EUR', timezone: 'Europe/Dublin' };
    const { id } = await provisionHospital(owner, { id: randomUUID(), slug, name: slug, ...place });
    try {
      await work(owner, slug);
    } finally {
      // Others drop theirs beside it.
      await repeatVictims(() => owner.query(`drop schema hospital_${slug} cascade`));
      await owner.query('delete from public.ingest_epoch where hospital_id = $1', [id]);
      await owner.query('delete from public.hospital where id = $1', [id]);
      await owner.query(`drop role hospital_${slug}`);
    }
  });
}

/** Until the feed has everything that is committed. */
async function relayed(owner: pg.Client): Promise<void> {
  const waits = `select from sync.change_log c, sync.relay r
                  where not pg_visible_in_snapshot(c.xid, r.prev) and pg_visible_in_snapshot(c.xid, pg_current_snapshot())`;
  while ((await owner.query(waits)).rowCount !== 0) await owner.query('select sync.advance()');
}

it('a change no trigger heard of is found, and told once it is repaired', async () => {
  await withHospital(async (owner, slug) => {
    const table = `hospital_${slug}.patient`;
    const [ward, ...ids] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await owner.query(`insert into hospital_${slug}.ward (id, code, name) values ($1, 'W', 'Ward')`, [ward]);
    await owner.query(
      `insert into ${table} (id, mrn, family_name, given_name, created_by, updated_by)
       select id, id::text, 'Adams', 'Ada', id, id from unnest($1::uuid[]) id`,
      [ids],
    );
    await relayed(owner);
    const patients = async (repair = false) =>
      (await reconcile(owner, { slug, repair })).find(({ entity }) => entity === 'patients');
    expect(await patients()).toEqual({ slug, entity: 'patients', rows: 3, untold: 0, misplaced: 0, repaired: 0 });

    await owner.query(`alter table ${table} disable trigger z_log_changed`);
    await owner.query(`update ${table} set given_name = 'Eve' where id = $1`, [ids[0]]);
    await owner.query(`alter table ${table} disable trigger advance_version`);
    await owner.query(`update ${table} set ward_id = $2 where id = $1`, [ids[1], ward]);
    await owner.query(`alter table ${table} enable trigger advance_version, enable trigger z_log_changed`);
    expect(await patients()).toMatchObject({ untold: 1, misplaced: 1, repaired: 0 });
    expect(await patients(true)).toMatchObject({ untold: 1, misplaced: 1, repaired: 2 });
    // Logged, and not relayed: nothing can be said of them yet.
    await relayed(owner);
    expect(await patients()).toMatchObject({ rows: 3, untold: 0, misplaced: 0 });
    const { rows } = await owner.query(
      'select keys, keys_gone from sync.feed where row_id = $1 order by pos desc limit 1',
      [ids[1]],
    );
    expect(rows).toEqual([{ keys: ['hospital', `patient:${ids[1]}`, `ward:${ward}`], keys_gone: [] }]);
  });
}, 60_000);

it('what one device was told of a row is nothing wrong', async () => {
  await withHospital(async (owner, slug) => {
    const [id, user, device] = [randomUUID(), randomUUID(), randomUUID()];
    await owner.query(
      `insert into hospital_${slug}.patient (id, mrn, family_name, given_name, created_by, updated_by)
       values ($1::uuid, 'x', 'Adams', 'Ada', $1::uuid, $1::uuid)`,
      [id],
    );
    await owner.query(`insert into public.app_user (id, email, display_name) values ($1, $2, 'Test')`, [
      user,
      `${user}@x.org`,
    ]);
    await owner.query(
      `insert into sync.device (id, hospital_id, user_id, name, schema_version)
       select $1, h.id, $2, 'Phone', 1 from public.hospital h where h.slug = $3`,
      [device, user, slug],
    );
    await relayed(owner);
    await owner.query('select sync.tell_device($1, $2::jsonb)', [device, JSON.stringify([{ entity: 1, id }])]);
    await relayed(owner);
    const patients = (await reconcile(owner, { slug, repair: false })).find(({ entity }) => entity === 'patients');
    await owner.query('delete from sync.device where id = $1', [device]);
    expect(patients).toMatchObject({ rows: 1, untold: 0, misplaced: 0 });
  });
}, 60_000);

it('changes on their way to the feed are nothing wrong', async () => {
  await withHospital(async (owner, slug) => {
    const id = randomUUID();
    await owner.query(
      `insert into hospital_${slug}.patient (id, mrn, family_name, given_name, created_by, updated_by)
       values ($1::uuid, 'x', 'Adams', 'Ada', $1::uuid, $1::uuid)`,
      [id],
    );
    for (const { untold, misplaced } of await reconcile(owner, { slug, repair: false })) {
      expect([untold, misplaced]).toEqual([0, 0]);
    }
  });
}, 60_000);
