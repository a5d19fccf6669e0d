import { Injectable } from '@nestjs/common';
import { commonError, type AlarmEventKind, type AlarmKind, type AlarmPriority, type AlarmState } from '@hms/contracts';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { StateFilter } from './alarms.dto.js';
import type { Condition } from './resolving.policy.js';

/** An alarm with whom it is about and where it was. */
export interface AlarmRow {
  readonly id: string;
  readonly kind: AlarmKind;
  readonly rule: string;
  readonly priority: AlarmPriority;
  readonly state: AlarmState;
  readonly patientId: string;
  readonly mrn: string;
  readonly name: string;
  readonly wardId: string;
  readonly wardName: string;
  readonly bedLabel: string | null;
  readonly deviceId: string | null;
  readonly value: number | null;
  readonly limitValue: number | null;
  readonly detail: Record<string, unknown> | null;
  readonly startedAt: Date;
  readonly raisedAt: Date;
  readonly lastSeenAt: Date;
  readonly endedAt: Date | null;
  readonly suppressedUntil: Date | null;
  readonly escalationLevel: number;
  readonly escalateAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: Date | null;
  readonly resolvedBy: string | null;
  readonly version: number;
}

/** Sort keys: the place of open alarms by priority, all that are over together; then the time, then the id. */
export interface AlarmKey {
  readonly rank: number;
  readonly micros: number;
  readonly id: string;
}

export type ListedAlarm = AlarmRow & { readonly rank: number; readonly micros: bigint };

export interface AlarmFilter {
  /** Undefined means every ward. */
  readonly within?: readonly string[] | undefined;
  readonly wardId?: string | undefined;
  readonly patientId?: string | undefined;
  readonly state?: StateFilter | undefined;
  readonly priority?: AlarmPriority | undefined;
  readonly kind?: AlarmKind | undefined;
  readonly since?: Date | undefined;
}

export interface AlarmEventRow {
  readonly kind: AlarmEventKind;
  readonly at: Date;
  readonly actorId: string | null;
  readonly detail: Record<string, unknown> | null;
}

export interface NewAlarmEvent {
  readonly alarmId: string;
  readonly kind: AlarmEventKind;
  readonly actorId: string | null;
  readonly detail?: TenantPrisma.InputJsonObject;
}

/** `update` for whoever ends an alarm: it waits for readings that show it and are being stored. */
export type LockStrength = 'no key update' | 'update';

const { sql, empty, join, raw } = TenantPrisma;
const rankOfResolved = 3;
const rank = raw(`case when a.state = 'resolved' then ${rankOfResolved}
  else array_position(array['high', 'medium', 'low'], a.priority) - 1 end`);

const columns = raw(`
  a.id, a.kind, a.rule, a.priority, a.state, a.patient_id as "patientId", p.mrn,
  p.given_name || ' ' || p.family_name as name, a.ward_id as "wardId", w.name as "wardName", bed.label as "bedLabel",
  a.device_id as "deviceId", a.value, a.limit_value as "limitValue", a.detail, a.started_at as "startedAt",
  a.raised_at as "raisedAt", a.last_seen_at as "lastSeenAt", a.ended_at as "endedAt",
  s.ends_at as "suppressedUntil", a.escalation_level as "escalationLevel", a.escalate_at as "escalateAt",
  a.acknowledged_by as "acknowledgedBy", a.acknowledged_at as "acknowledgedAt", a.resolved_by as "resolvedBy", a.version,
  (extract(epoch from a.raised_at) * 1000000)::bigint as micros`);

@Injectable()
export class AlarmsRepository {
  /** What still needs somebody first, by priority; then what is over. Within each the newest first. */
  list(tx: TenantTx, filter: AlarmFilter, after: AlarmKey | undefined, take: number): Promise<ListedAlarm[]> {
    const from = joined(tx);
    const matching = conditionsOf(filter);
    const open = sql`(select ${columns}, ${rank}::int as rank ${from}
      where a.state not in ('pending', 'resolved') and ${matching} ${after ? openAfter(after) : empty}
      order by rank, a.raised_at desc, a.id desc limit ${take})`;
    const over = sql`(select ${columns}, ${rankOfResolved}::int as rank ${from}
      where a.state = 'resolved' and a.raised_at is not null and ${matching} ${overAfter(after)}
      order by a.raised_at desc, a.id desc limit ${take})`;
    return tx.$queryRaw<ListedAlarm[]>`
      select * from (${open} union all ${over}) as listed order by rank, micros desc, id desc limit ${take}`;
  }

  /** Undefined for an alarm nobody is shown: not raised yet, on a ward that is not named, of a deleted patient. */
  async find(tx: TenantTx, id: string, within: readonly string[] | undefined): Promise<AlarmRow | undefined> {
    const [row] = await tx.$queryRaw<AlarmRow[]>`
      select ${columns} ${joined(tx)} where a.id = ${id}::uuid and a.state <> 'pending' and ${conditionsOf({ within })}`;
    return row;
  }

  findAll(tx: TenantTx, ids: readonly string[]): Promise<AlarmRow[]> {
    return tx.$queryRaw<AlarmRow[]>`
      select ${columns} ${joined(tx)} where a.id = any(${[...ids]}::uuid[]) and a.state <> 'pending'`;
  }

  /** As `find`, kept as it is until the transaction ends. */
  async lock(
    tx: TenantTx,
    id: string,
    within: readonly string[] | undefined,
    strength: LockStrength = 'no key update',
  ): Promise<AlarmRow | undefined> {
    await tx.$queryRaw`select from ${schemaSql(tx.hospital)}.alarm where id = ${id}::uuid for ${raw(strength)}`;
    return this.find(tx, id, within);
  }

  /** What is known of an alarm that is open and locked, for whoever wants to end it; times are the database's own. */
  async condition(tx: TenantTx, id: string): Promise<Condition> {
    const schema = schemaSql(tx.hospital);
    const [condition] = await tx.$queryRaw<Condition[]>`
      select a.kind,
             exists (select from ${schema}.vitals v
                       join ${schema}.telemetry_flush f on f.writer = v.writer and f.flush_no = v.flush_no
                      where look.since is null and v.patient_id = a.patient_id and v.recorded_at = look.seen_at
                            and f.committed_at > now() - interval '1 minute') as shown,
             exists (select from ${schema}.device_assignment d
                      where d.patient_id = a.patient_id and d.valid @> now()) as monitored
        from ${schema}.alarm a left join ${schema}.look_at_raised(array[a.id]) look on true
       where a.id = ${id}::uuid`;
    if (!condition) throw commonError('internal.error');
    return condition;
  }

  /** Ends it with the newest reading about it, by the time of its device: what is recorded later is news. */
  async resolve(tx: TenantTx, id: string, by: string): Promise<void> {
    const schema = schemaSql(tx.hospital);
    await tx.$executeRaw`
      update ${schema}.alarm a
         set state = 'resolved', resolved_by = ${by}::uuid,
             ended_at = greatest(a.started_at, a.last_seen_at, (
               select greatest(look.seen_at, look.inside_until) from ${schema}.look_at_raised(array[a.id]) look))
       where a.id = ${id}::uuid`;
  }

  async update(tx: TenantTx, id: string, data: TenantPrisma.AlarmUpdateInput): Promise<void> {
    await tx.alarm.update({ where: { id }, data, select: { id: true } });
  }

  async addEvent(tx: TenantTx, event: NewAlarmEvent): Promise<bigint> {
    const { id } = await tx.alarmEvent.create({ data: event, select: { id: true } });
    return id;
  }

  events(tx: TenantTx, alarmId: string): Promise<AlarmEventRow[]> {
    return tx.$queryRaw<AlarmEventRow[]>`
      select kind, at, actor_id as "actorId", detail from ${schemaSql(tx.hospital)}.alarm_event
       where alarm_id = ${alarmId}::uuid order by id`;
  }
}

function joined(tx: TenantTx): TenantPrisma.Sql {
  const schema = schemaSql(tx.hospital);
  return sql`
    from ${schema}.alarm a
    join ${schema}.patient p on p.id = a.patient_id and p.deleted_at is null
    join ${schema}.ward w on w.id = a.ward_id
    left join ${schema}.alarm_suppression s on s.id = a.suppression_id and s.ends_at > now()
    left join lateral (
      select b.label from ${schema}.device_assignment d join ${schema}.bed b on b.id = d.bed_id
       where d.patient_id = a.patient_id and d.ward_id = a.ward_id
             and d.valid && tstzrange(a.raised_at, greatest(coalesce(a.ended_at, 'infinity'), a.raised_at), '[]')
       order by lower(d.valid) desc, b.label limit 1) bed on true`;
}

function conditionsOf(filter: AlarmFilter): TenantPrisma.Sql {
  const { within, wardId, patientId, state, priority, kind, since } = filter;
  const conditions = [
    within && sql`a.ward_id = any(${[...within]}::uuid[])`,
    wardId !== undefined && sql`a.ward_id = ${wardId}::uuid`,
    patientId !== undefined && sql`a.patient_id = ${patientId}::uuid`,
    state !== undefined && (state === 'open' ? sql`a.state <> 'resolved'` : sql`a.state = ${state}`),
    priority !== undefined && sql`a.priority = ${priority}`,
    kind !== undefined && sql`a.kind = ${kind}`,
    since !== undefined && sql`a.raised_at >= ${since.toISOString()}::timestamptz`,
  ].filter((condition) => condition !== undefined && condition !== false);
  return join([sql`true`, ...conditions], ' and ');
}

const older = ({ micros, id }: AlarmKey): TenantPrisma.Sql => sql`
  (a.raised_at, a.id) < (timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond', ${id}::uuid)`;

const openAfter = (key: AlarmKey): TenantPrisma.Sql =>
  sql`and (${rank} > ${key.rank}::int or (${rank} = ${key.rank}::int and ${older(key)}))`;

const overAfter = (key: AlarmKey | undefined): TenantPrisma.Sql =>
  key?.rank === rankOfResolved ? sql`and ${older(key)}` : empty;
