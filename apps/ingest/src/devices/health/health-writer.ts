import type { Logger } from '@hms/service-kit';
import type { Lane } from '../../database/lane.js';
import { WriteBehind } from '../../database/write-behind.js';
import type { Submission } from '../../telemetry/submission.js';
import type { ResolvedReading } from '../../telemetry/reading.js';
import { DeviceHealth } from './device-health.js';

const writeEveryMs = 5_000;

/** Keeps `device_health` at most five seconds or so behind, off the way of readings. */
export class HealthWriter {
  readonly #behind: WriteBehind<DeviceHealth>;

  constructor(
    lane: Pick<Lane, 'run'>,
    logger: Logger,
    private readonly now: () => number = Date.now,
  ) {
    this.#behind = new WriteBehind({
      what: 'health of devices',
      everyMs: writeEveryMs,
      logger,
      empty: () => new DeviceHealth(),
      write: ({ schema }, health) => lane.run(upsert(schema, health, this.now())),
      merge: (since, before) => since.merge(before),
    });
  }

  /** @param stored readings of the submission that are stored now */
  add({ content, refusals }: Submission, stored: readonly ResolvedReading[]): void {
    const { hospital, gatewayId } = content;
    const health = this.#behind.of(hospital);
    health.stored(stored, this.now());
    if (refusals.length === 0) return;
    health.refused(refusals, (name) => {
      const device = hospital.latestDevices.find(name);
      return device?.gatewayId === gatewayId ? device : undefined;
    });
  }

  /** Writes what is pending now. */
  flush(): Promise<void> {
    return this.#behind.flush();
  }

  stop(): Promise<void> {
    return this.#behind.stop();
  }
}

/** Sorted by key, so that those who write at once wait for each other instead of blocking each other. */
function upsert(schema: string, { byDevice }: DeviceHealth, now: number): string {
  const rows = [...byDevice].map(([no, { seenAt, clockOffsetMs, accepted, rejected, lastReject }]) => {
    const age = seenAt === undefined ? 'null' : Math.max(0, Math.round(now - seenAt));
    return `(${no}, ${age}::int, ${clockOffsetMs ?? 'null'}::int, ${accepted}, ${rejected}, ${lastReject ? `'${lastReject}'` : 'null'})`;
  });
  return `insert into ${schema}.device_health as health
      (device_no, last_seen_at, clock_offset_ms, counted_on, accepted, rejected, last_reject_code)
    select device_no, now() - age * interval '1 millisecond', clock_offset_ms, (now() at time zone 'UTC')::date,
           accepted, rejected, code
      from (values ${rows.join(', ')}) as tally (device_no, age, clock_offset_ms, accepted, rejected, code)
     order by device_no
    on conflict (device_no) do update set
      last_seen_at = greatest(health.last_seen_at, excluded.last_seen_at),
      clock_offset_ms = coalesce(excluded.clock_offset_ms, health.clock_offset_ms),
      counted_on = excluded.counted_on,
      accepted = excluded.accepted + case when health.counted_on = excluded.counted_on then health.accepted else 0 end,
      rejected = excluded.rejected + case when health.counted_on = excluded.counted_on then health.rejected else 0 end,
      last_reject_code = coalesce(excluded.last_reject_code, health.last_reject_code)`;
}
