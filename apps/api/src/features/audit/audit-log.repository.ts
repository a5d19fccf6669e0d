import type { AuditAction, AuditOutcome } from '@hms/audit';
import { Injectable } from '@nestjs/common';
import { HospitalDatabase, PublicPrisma, schemaSql, type TenantTx } from '@hms/database';

export interface AuditFilter {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly actor?: string | undefined;
  readonly patient?: string | undefined;
  readonly entity?: string | undefined;
  readonly action?: AuditAction | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly breakGlass?: boolean | undefined;
  /** Leaves out whoever was not let in. */
  readonly withoutDenials?: boolean;
}

export interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly actorId: string | null;
  readonly actorRoles: string[];
  readonly action: AuditAction;
  readonly entity: string;
  readonly entityIds: string[];
  readonly patientIds: string[];
  readonly operation: string;
  readonly outcome: AuditOutcome;
  readonly reason: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly sessionId: string | null;
  readonly requestId: string | null;
  readonly breakGlass: string | null;
}

const { sql, join, raw } = PublicPrisma;
type Sql = PublicPrisma.Sql;

@Injectable()
export class AuditLogRepository {
  constructor(private readonly database: HospitalDatabase) {}

  async patientExists(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.patient.findUnique({ where: { id }, select: { id: true } })) !== null;
  }

  /** Newest first, those before the id `before`. */
  list(tx: TenantTx, filter: AuditFilter, before: string | undefined, take: number): Promise<AuditRow[]> {
    return tx.$queryRaw<AuditRow[]>(query(schemaSql(tx.hospital), filter, before, take));
  }

  /** The same of the platform's own. */
  listOfPlatform(filter: AuditFilter, before: string | undefined, take: number): Promise<AuditRow[]> {
    return this.database.publicClient.$queryRaw<AuditRow[]>(query(raw('public'), filter, before, take));
  }
}

/** In the order of ids, which is that of time: the indexes end in the id. */
function query(schema: Sql, filter: AuditFilter, before: string | undefined, take: number): Sql {
  const conditions = conditionsOf(filter);
  if (before !== undefined) conditions.push(sql`id < ${before}::uuid`);
  const where = conditions.length > 0 ? sql`where ${join(conditions, ' and ')}` : sql``;
  return sql`
    select id::text, at, actor_id::text as "actorId", actor_roles as "actorRoles", action, entity,
           entity_ids as "entityIds", patient_ids::text[] as "patientIds", operation, outcome, reason, ip,
           user_agent as "userAgent", session_id::text as "sessionId", request_id as "requestId",
           break_glass::text as "breakGlass"
      from ${schema}.audit_event ${where} order by id desc limit ${take}`;
}

function conditionsOf(filter: AuditFilter): Sql[] {
  const { from, to, actor, patient, entity, action, outcome, breakGlass, withoutDenials } = filter;
  return [
    from && sql`id >= ${firstIdAt(from)}::uuid`,
    to && sql`id < ${firstIdAt(to)}::uuid`,
    actor === undefined ? undefined : sql`actor_id = ${actor}::uuid`,
    patient === undefined ? undefined : sql`patient_ids @> array[${patient}::uuid]`,
    entity === undefined ? undefined : sql`entity = ${entity}`,
    action && sql`action = ${action}`,
    // Spelled as in the partial index of what was refused.
    outcome && (outcome === 'success' ? sql`outcome = 'success'` : sql`outcome <> 'success' and outcome = ${outcome}`),
    withoutDenials ? sql`outcome <> 'denied'` : undefined,
    breakGlass === undefined ? undefined : breakGlass ? sql`break_glass is not null` : sql`break_glass is null`,
  ].filter((condition) => condition !== undefined);
}

/** No UUIDv7 of that moment or later is smaller. */
function firstIdAt(moment: Date): string {
  const hex = Math.max(0, moment.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
