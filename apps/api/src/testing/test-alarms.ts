import { uuidv7 } from 'uuidv7';
import type { TestWards } from './test-ward.js';

/** What a test says of an alarm; the rest is a high-priority `spo2-low` that was raised a minute ago and is seen now. */
export interface TestAlarm {
  readonly patientId: string;
  readonly wardId: string;
  readonly rule?: string;
  readonly kind?: 'limit' | 'score' | 'technical';
  readonly deviceId?: string;
  readonly priority?: 'high' | 'medium' | 'low';
  readonly state?: 'pending' | 'raised' | 'notified' | 'acknowledged' | 'resolved';
  readonly raisedAt?: Date;
  readonly lastSeenAt?: Date;
  readonly escalationLevel?: number;
}

/** Alarms as ingest makes them, past ingest. */
export class TestAlarms {
  constructor(private readonly wards: TestWards) {}

  async raise(alarm: TestAlarm): Promise<string> {
    const { patientId, wardId, kind = 'limit', priority = 'high', state = 'raised', deviceId = null } = alarm;
    const { raisedAt = new Date(Date.now() - 60_000), lastSeenAt = new Date(), escalationLevel = 0 } = alarm;
    const id = uuidv7();
    await this.wards.query(
      `insert into {schema}.alarm (id, kind, rule, patient_id, ward_id, device_id, priority, state, started_at,
                                   last_seen_at, raised_at, ended_at, value, limit_value, escalation_level)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 82, 85, $13)`,
      [
        id,
        kind,
        alarm.rule ?? 'spo2-low',
        patientId,
        wardId,
        deviceId,
        priority,
        state,
        raisedAt,
        lastSeenAt,
        state === 'pending' ? null : raisedAt,
        state === 'resolved' ? lastSeenAt : null,
        escalationLevel,
      ],
    );
    return id;
  }

  /** A reading that shows an `spo2-low`, or with `spo2` something else, as ingest stores it. */
  async show(
    { patientId, deviceNo }: { readonly patientId: string; readonly deviceNo: number },
    { recordedAt, storedAt = new Date(), spo2 = 82 }: { recordedAt: Date; storedAt?: Date; spo2?: number },
  ): Promise<void> {
    await this.wards.query(
      `with flush as (
         insert into {schema}.telemetry_flush (writer, flush_no, committed_at, rows)
         select 32000, coalesce(max(flush_no), 0) + 1, $1, 1 from {schema}.telemetry_flush returning writer, flush_no)
       insert into {schema}.vitals (recorded_at, patient_id, device_no, spo2, writer, flush_no)
       select $2, $3, $4, $5, writer, flush_no from flush`,
      [storedAt, recordedAt, patientId, deviceNo, spo2],
    );
  }

  /** What became of it, as `kind` or `kind:level`. */
  async history(id: string): Promise<string[]> {
    const rows = await this.wards.query<{ kind: string; level: string | null }>(
      `select kind, detail ->> 'level' as level from {schema}.alarm_event where alarm_id = $1 order by id`,
      [id],
    );
    return rows.map(({ kind, level }) => (level === null ? kind : `${kind}:${level}`));
  }

  async stateOf(id: string): Promise<{ state: string; level: number; due: Date | null; by: string | null }> {
    const [row] = await this.wards.query<{ state: string; level: number; due: Date | null; by: string | null }>(
      `select state, escalation_level as level, escalate_at as due, acknowledged_by as by
         from {schema}.alarm where id = $1`,
      [id],
    );
    if (!row) throw new Error(`there is no alarm ${id}`);
    return row;
  }

  /** Moves the next telling to now, as if that much time had passed. */
  async makeDue(id: string): Promise<void> {
    await this.wards.query(`update {schema}.alarm set escalate_at = now() where id = $1`, [id]);
  }

  /** Who was told, by which step and how, such as `0 live <user>`. */
  async told(id: string): Promise<string[]> {
    const rows = await this.wards.query<{ line: string }>(
      `select level || ' ' || channel || ' ' || user_id as line from {schema}.alarm_notification
        where alarm_id = $1 order by level, channel, user_id`,
      [id],
    );
    return rows.map(({ line }) => line);
  }
}
