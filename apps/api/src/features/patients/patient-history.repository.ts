import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';

const { sql, empty } = TenantPrisma;

export interface HistoryRow {
  readonly id: bigint;
  /** Name of the table. */
  readonly entity: string;
  readonly entityId: string;
  readonly version: number;
  readonly action: string;
  readonly actorId: string;
  readonly at: Date;
  /** By column. */
  readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
  /** Of an identifier that was added: its value, which the history itself does not hold. */
  readonly valueSealed: string | null;
}

export interface HistoryPosition {
  /** Columns nobody is shown, and changes of nothing else with them. */
  readonly hidden: readonly string[];
  /** Tables whose rows are shown. */
  readonly entities: readonly string[];
  /** Only entries before this one. */
  readonly before: number | undefined;
  readonly take: number;
}

@Injectable()
export class PatientHistoryRepository {
  /** The newest first. */
  list(tx: TenantTx, patientId: string, position: HistoryPosition): Promise<HistoryRow[]> {
    const { hidden, entities, before, take } = position;
    const shown = sql`(changes - ${[...hidden]}::text[])`;
    return tx.$queryRaw<HistoryRow[]>`
      select id, entity, entity_id as "entityId", version, action, actor_id as "actorId", at, ${shown} as changes,
             case when entity = 'patient_identifier' and action = 'create'
                  then (select value_sealed from ${schemaSql(tx.hospital)}.patient_identifier i where i.id = entity_id)
             end as "valueSealed"
        from ${schemaSql(tx.hospital)}.change_history
       where patient_id = ${patientId}::uuid
         and (changes = '{}' or ${shown} <> '{}')
         and entity = any (${[...entities]}::text[])
             ${before === undefined ? empty : sql`and id < ${before}`}
       order by id desc
       limit ${take}`;
  }
}
