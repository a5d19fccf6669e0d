import { wakeChannel } from '@hms/contracts';
import type { Lifecycle, Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import type { Hospitals } from '../hospitals/hospitals.js';
import type { AlarmMetrics } from '../operations/alarm-metrics.js';
import type { HospitalGroup } from '../telemetry/store/hospital-group.js';
import type { Raised } from '../telemetry/store/store-parts.js';
import { AlarmRounds } from './alarm-rounds.js';
import { AlarmSweep } from './alarm-sweep.js';

export interface AlarmParts {
  /** Its queries hold up nothing but alarms. */
  readonly lane: Lane;
  readonly hospitals: Hospitals;
  readonly redis: { publish(channel: string, message: string): Promise<unknown> };
  readonly metrics: AlarmMetrics;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
}

export interface Alarms {
  readonly onCommitted: (group: HospitalGroup) => void;
  readonly onRaised: (raised: Raised) => void;
}

/** Starts what happens to alarms behind the flush that noted them. */
export function startAlarms({ lane, hospitals, redis, metrics, logger, lifecycle }: AlarmParts): Alarms {
  const wakeRelay = (): void => void redis.publish(wakeChannel, '').catch(() => undefined);
  const sweep = new AlarmSweep({
    lane,
    logger,
    onRaised: (alarms) => {
      metrics.raised('overdue', alarms);
      wakeRelay();
    },
  });
  const rounds = new AlarmRounds({ lane, hospitals, logger, onOpen: (hospital) => sweep.watch(hospital) });
  rounds.start();
  lifecycle.onStop('alarms', async () => {
    await Promise.all([rounds.stop(), sweep.stop()]);
  });
  return {
    onCommitted: ({ hospital, breaches }) => {
      if (breaches.length > 0) sweep.watch(hospital);
    },
    onRaised: ({ alarms, since }) => {
      wakeRelay();
      metrics.raised('limit', alarms);
      metrics.lagged('limit', (performance.now() - since) / 1_000);
    },
  };
}
