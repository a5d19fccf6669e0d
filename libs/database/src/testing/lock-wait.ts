import { url } from './scratch.js';
import { withOwner } from '../migrate/owner-connection.js';

const LOOKS = 400;

/** Resolves once a session whose query contains `text` waits for a lock. */
export function lockWait(text: string): Promise<void> {
  return withOwner(url('DATABASE_SUPERUSER_URL'), async (superuser) => {
    for (let look = 0; look < LOOKS; look += 1) {
      const { rowCount } = await superuser.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and position($1 in query) > 0`,
        [text],
      );
      if (rowCount) return;
      await superuser.query('select pg_sleep(0.01)');
    }
    throw new Error(`no query with "${text}" ever waited for a lock`);
  });
}
