import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';

export interface NotificationRow {
  readonly id: string;
  readonly alarmId: string;
  readonly level: number;
  readonly toldAt: Date;
}

export interface NotificationFilter {
  readonly userId: string;
  /** Undefined means every ward. */
  readonly within: readonly string[] | undefined;
  readonly open: boolean;
}

const { sql, empty } = TenantPrisma;

@Injectable()
export class NotificationsRepository {
  /** Newest first, of alarms the user may still see. */
  list(
    tx: TenantTx,
    { userId, within, open }: NotificationFilter,
    before: string | undefined,
    take: number,
  ): Promise<NotificationRow[]> {
    const schema = schemaSql(tx.hospital);
    return tx.$queryRaw<NotificationRow[]>`
      select n.id, n.alarm_id as "alarmId", n.level, n.created_at as "toldAt"
        from ${schema}.alarm_notification n
        join ${schema}.alarm a on a.id = n.alarm_id
        join ${schema}.patient p on p.id = a.patient_id and p.deleted_at is null
       where n.user_id = ${userId}::uuid and n.channel = 'live'
             ${within === undefined ? empty : sql`and a.ward_id = any(${[...within]}::uuid[])`}
             ${open ? sql`and a.state <> 'resolved'` : empty}
             ${before === undefined ? empty : sql`and n.id < ${before}::uuid`}
       order by n.id desc limit ${take}`;
  }
}
