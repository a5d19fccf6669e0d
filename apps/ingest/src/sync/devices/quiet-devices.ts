import type { Logger } from '@hms/service-kit';
import { Gathered } from '../../database/gathered.js';
import type { Lane } from '../../database/lane.js';
import type { Hospital } from '../../hospitals/hospital.js';
import { nextScope } from '../access/device-scope.js';
import { scopeOf, type SyncActor } from '../access/sync-actor.js';
import type { PushAnswer } from '../push/push-request.js';
import { idsIn } from '../sql.js';

interface QuietRow {
  readonly id: string;
  readonly user_id: string;
  readonly last_seq: string;
  readonly scope: readonly string[];
  readonly scope_ver: string | null;
  readonly scope_before: readonly string[];
  readonly ver_before: string | null;
  readonly scope_acked: string | null;
  readonly revoked: boolean;
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
    const device = {
      lastSeq: Number(row.last_seq),
      keys: row.scope,
      ver: row.scope_ver,
      keysBefore: row.scope_before,
      verBefore: row.ver_before,
      acked: row.scope_acked,
    };
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
      select d.id, d.user_id, d.last_seq::text, to_jsonb(d.scope) as scope, d.scope_ver,
             to_jsonb(d.scope_before) as scope_before, d.ver_before, d.scope_acked, d.revoked_at is not null as revoked,
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
