import type { Logger } from '@hms/service-kit';
import { Gathered } from '../../database/gathered.js';
import type { Lane } from '../../database/lane.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { nextScope } from '../access/device-scope.js';
import { scopeOf, type SyncActor } from '../access/sync-actor.js';
import { deviceColumns, deviceOf, type DeviceRow } from '../push/device-lock.js';
import type { PushAnswer } from '../push/push-request.js';
import { idsIn } from '../sql.js';

interface QuietRow extends DeviceRow {
  /** Patients for whom its user broke the glass. */
  readonly patients: readonly string[] | null;
}

const seenEveryMs = 5_000;

/**
 * Devices that have nothing to say, as most that ask have: how they stand is read, many at once, and nothing is locked or
 * written for them, but for when they were last seen.
 */
export class QuietDevices {
  readonly #lookups = new WeakMap<Hospital, Gathered<QuietRow>>();
  #seen = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly lane: Pick<Lane, 'query'>,
    private readonly logger: Logger,
  ) {}

  /** How the device stands; undefined when that has to be found out, or changed, under its lock. */
  async find(actor: SyncActor, deviceId: string): Promise<PushAnswer | undefined> {
    const row = await this.#lookupsOf(actor.hospital).find(deviceId);
    if (!row || row.user_id !== actor.userId || row.revoked) return undefined;
    const device = deviceOf(row);
    const scope = nextScope(device, scopeOf(actor, row.patients ?? []), undefined);
    if (scope.ver !== device.ver) return undefined;
    this.#see(deviceId);
    return { results: [], lastSeq: device.lastSeq, scope };
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writeSeen();
  }

  #lookupsOf(hospital: Hospital): Gathered<QuietRow> {
    let lookups = this.#lookups.get(hospital);
    if (!lookups) this.#lookups.set(hospital, (lookups = new Gathered((ids) => this.#ask(hospital, ids))));
    return lookups;
  }

  async #ask({ id, schema }: Hospital, ids: readonly string[]): Promise<Map<string, QuietRow>> {
    const statement = `
      select ${deviceColumns},
             (select jsonb_agg(b.patient_id) from ${schema}.break_glass b
               where b.user_id = d.user_id and b.closed_at is null and b.expires_at > now()) as patients
        from sync.device d where d.id in ${idsIn('$1')} and d.hospital_id = $2`;
    const rows = await this.lane.query<QuietRow>((sql) => sql.unsafe<QuietRow[]>(statement, [JSON.stringify(ids), id]));
    return new Map(rows.map((row) => [row.id, row]));
  }

  #see(deviceId: string): void {
    this.#seen.add(deviceId);
    this.#timer ??= setTimeout(() => void this.#writeSeen(), seenEveryMs);
  }

  async #writeSeen(): Promise<void> {
    const seen = [...this.#seen];
    this.#seen = new Set();
    this.#timer = undefined;
    if (seen.length === 0) return;
    const statement = `update sync.device set seen_at = now() where id in ${idsIn('$1')}`;
    try {
      await this.lane.query((sql) => sql.unsafe(statement, [JSON.stringify(seen)]));
    } catch (err) {
      this.logger.warn({ err }, 'when devices were seen is not written');
    }
  }
}
