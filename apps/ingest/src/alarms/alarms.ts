import { wakeChannel } from '@hms/contracts';
import type { Lifecycle, Logger } from '@hms/service-kit';
import type { Lane } from '../database/lane.js';
import type { Hospitals } from '../hospitals/hospitals.js';
import type { AlarmMetrics } from '../operations/alarm-metrics.js';
import type { CommittedValues } from '../telemetry/live/committed-values.js';
import type { FlushMark } from '../telemetry/store/copy-encoder.js';
import type { HospitalGroup } from '../telemetry/store/hospital-group.js';
import type { Raised } from '../telemetry/store/store-parts.js';
import { AlarmRounds } from './alarm-rounds.js';
import { AlarmSweep } from './alarm-sweep.js';
import { LateScores } from './late-scores.js';
import { Rescans } from './rescans.js';
import { ScoreEvaluator } from './score-evaluator.js';
import { rescan } from './score-rescan.js';

export interface AlarmParts {
  /** Its queries hold up nothing but alarms. */
  readonly lane: Lane;
  /** Others, each for one thing: transactions stay open on the first two. */
  readonly scores: Lane;
  readonly claims: Lane;
  readonly late: Lane;
  /** Number of this process. */
  readonly writer: number;
  readonly hospitals: Hospitals;
  readonly redis: { publish(channel: string, message: string): Promise<unknown> };
  readonly metrics: AlarmMetrics;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
}

export interface Alarms {
  readonly onCommitted: (group: HospitalGroup, values: CommittedValues, mark: FlushMark) => void;
  readonly onRaised: (raised: Raised) => void;
}

/** Starts what happens to alarms behind the flush that noted them. */
export function startAlarms(parts: AlarmParts): Alarms {
  const { lane, hospitals, redis, metrics, logger, lifecycle } = parts;
  const wakeRelay = (): void => void redis.publish(wakeChannel, '').catch(() => undefined);
  const sweep = new AlarmSweep({
    lane,
    logger,
    onRaised: (alarms) => {
      metrics.raised('overdue', alarms);
      wakeRelay();
    },
  });
  const late = new LateScores(parts.late, logger);
  const evaluator = new ScoreEvaluator({
    lane: parts.scores,
    writer: parts.writer,
    logger,
    onRaised: (alarms, lagSeconds) => {
      metrics.raised('score', alarms);
      metrics.lagged('score', lagSeconds);
      wakeRelay();
    },
  });
  const rescans = new Rescans({
    logger,
    rescan: (hospital) => rescan(parts.claims, hospital),
    onRescanned: (hospital) => {
      wakeRelay();
      evaluator.ask(hospital);
    },
  });
  const rounds = new AlarmRounds({
    lane,
    hospitals,
    logger,
    onMoved: wakeRelay,
    onOpen: (hospital) => sweep.watch(hospital),
    onDue: (hospital) => evaluator.ask(hospital),
    onBehind: (hospital) => rescans.ask(hospital),
  });
  rounds.start();
  lifecycle.onStop('alarms', async () => {
    await Promise.all([rounds.stop(), rescans.stop(), sweep.stop(), evaluator.stop(), late.stop()]);
  });
  return {
    onCommitted: (group, values, mark) => {
      const { hospital, breaches } = group;
      if (breaches.length > 0) sweep.watch(hospital);
      evaluator.add(group, values.fresh, mark);
      late.add(hospital, values.late);
    },
    onRaised: ({ alarms, since }) => {
      wakeRelay();
      metrics.raised('limit', alarms);
      metrics.lagged('limit', (performance.now() - since) / 1_000);
    },
  };
}
