import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { provisionHospital } from '../hospitals/provision-hospital.js';
import { migrateShared } from '../migrate/migrate-all.js';
import { withOwner } from '../migrate/owner-connection.js';
import { details, dropRoles, freshSlug, PATIENCE, withScratchDatabase } from '../testing/scratch.js';

it(
  'a patient is not moved or deleted by who keeps to an older snapshot, and would miss rows that have to follow',
  async () => {
    const slug = freshSlug();
    const work = (url: string): Promise<void> =>
      withOwner(url, async (owner) => {
        await migrateShared(owner);
        await provisionHospital(owner, details(slug));
        const patients = `hospital_${slug}.patient`;
        const [id, ward] = [randomUUID(), randomUUID()];
        await owner.query(`insert into hospital_${slug}.ward (id, code, name) values ($1, 'W', 'A ward')`, [ward]);
        await owner.query(
          `insert into ${patients} (id, mrn, family_name, given_name, created_by, updated_by)
           values ($1, '00000001', 'Adams', 'Ada', $1, $1)`,
          [id],
        );
        const change = async (level: string, set: string, value: unknown): Promise<void> => {
          await owner.query(`begin isolation level ${level}`);
          try {
            await owner.query(`update ${patients} set ${set} where id = $1`, [id, value]);
          } finally {
            await owner.query('rollback');
          }
        };
        for (const level of ['repeatable read', 'serializable']) {
          await expect(change(level, 'ward_id = $2', ward)).rejects.toThrow('read committed');
          await expect(change(level, `deleted_reason = 'x', deleted_at = $2`, new Date())).rejects.toThrow(
            'read committed',
          );
          await change(level, 'phone = $2', '555 0101');
        }
        await change('read committed', 'ward_id = $2', ward);
      });
    try {
      await withScratchDatabase(work);
    } finally {
      await dropRoles([slug]);
    }
  },
  PATIENCE,
);
