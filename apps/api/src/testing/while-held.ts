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
    await untilBlocking(owner);
    await meanwhile(owner);
    await owner.query('commit');
    return answer;
  });
}

/** Resolves once somebody waits for what the connection's transaction holds. */
export const untilBlocking = (holder: pg.Client): Promise<void> =>
  until(async () => {
    const { rows } = await holder.query<{ waiting: boolean }>(
      // Not pg_stat_activity, which stands still during a transaction.
      `select exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))) as waiting`,
    );
    return rows[0]?.waiting === true;
  });

/** What every end of all sessions does to the row of the user. */
export const endEpoch = (userId: string) => (owner: pg.Client) =>
  owner.query('update public.app_user set sign_in_epoch = sign_in_epoch + 1 where id = $1', [userId]);
