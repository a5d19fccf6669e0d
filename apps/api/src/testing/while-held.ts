import type pg from 'pg';
import { asOwner } from './test-hospital.js';
import { until } from './until.js';

/** Runs `request` until it waits for the row of the user, then `meanwhile` in the transaction that holds it. */
export function whileHeld<T>(
  userId: string,
  request: () => Promise<T>,
  meanwhile: (owner: pg.Client) => Promise<unknown>,
): Promise<T> {
  return asOwner(async (owner) => {
    await owner.query('begin');
    await owner.query('select from public.app_user where id = $1 for update', [userId]);
    const answer = request();
    await until(async () => {
      const { rows } = await owner.query<{ waiting: boolean }>(
        'select exists (select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))) as waiting',
      );
      return rows[0]?.waiting === true;
    });
    await meanwhile(owner);
    await owner.query('commit');
    return answer;
  });
}

/** What every end of all sessions does to the row of the user. */
export const endEpoch = (userId: string) => (owner: pg.Client) =>
  owner.query('update public.app_user set sign_in_epoch = sign_in_epoch + 1 where id = $1', [userId]);
