import { until } from '../../../testing/until.js';
import type { LimitStore } from '../limit-store.service.js';

/**
 * Runs checks of counts that processes share. On a busy machine Redis may answer too late, and then each process counts
 * for itself, as it should: a check that fails meanwhile is done again.
 */
export function undisturbed(stores: readonly LimitStore[]): (check: () => Promise<void>) => Promise<void> {
  let disturbances = 0;
  for (const store of stores) {
    const avoid = store.avoid.bind(store);
    store.avoid = (cause) => {
      disturbances += 1;
      avoid(cause);
    };
  }
  const tryOnce = async (check: () => Promise<void>): Promise<boolean> => {
    await until(() => stores.every(({ isUp }) => isUp));
    const before = disturbances;
    try {
      await check();
      return true;
    } catch (err) {
      if (disturbances === before) throw err;
      return false;
    }
  };
  return async (check) => {
    while (!(await tryOnce(check)));
  };
}
