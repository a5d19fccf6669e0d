import { Injectable } from '@nestjs/common';
import { HospitalDatabase, hospitalRef, type HospitalRef } from '@hms/database';

/** Something to be done about an alarm: telling people, or sending one of them a mail. */
export interface AgendaItem {
  readonly id: string;
  readonly kind: 'tell' | 'mail';
  readonly hospital: HospitalRef;
  readonly dueAt: Date;
}

interface ItemRow {
  readonly id: string;
  readonly kind: 'tell' | 'mail';
  readonly hospitalId: string;
  readonly slug: string;
  readonly dueAt: Date;
}

@Injectable()
export class AgendaRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** What is due in all active hospitals, the longest first, without what is named. */
  async due(without: readonly string[], take: number): Promise<AgendaItem[]> {
    const rows = await this.database.publicClient.$queryRaw<ItemRow[]>`
      select a.item_id as id, a.kind, a.hospital_id as "hospitalId", h.slug, a.due_at as "dueAt"
        from public.alarm_agenda a join public.hospital h on h.id = a.hospital_id and h.status = 'active'
       where a.due_at <= now() and a.item_id <> all (${[...without]}::uuid[])
       order by a.due_at limit ${take}`;
    return rows.map(({ hospitalId, slug, ...item }) => ({ ...item, hospital: hospitalRef({ id: hospitalId, slug }) }));
  }
}
