import { Injectable } from '@nestjs/common';
import { HospitalDatabase, hospitalRef, type HospitalRef } from '@hms/database';
import type { OutsideChannel } from '../notification.terms.js';

/** A hospital in which something waits. */
export interface DueHospital {
  readonly hospital: HospitalRef;
  /** Since when. */
  readonly dueAt: Date;
}

/** What is due in all hospitals. */
@Injectable()
export class NotificationAgenda {
  constructor(private readonly database: HospitalDatabase) {}

  /**
   * Active hospitals in which something is due, the one that waits longest first. However much waits in a hospital, it
   * takes one place.
   */
  async hospitalsDue(
    queue: OutsideChannel | 'reminder',
    without: readonly string[],
    take: number,
  ): Promise<DueHospital[]> {
    const rows = await this.database.publicClient.$queryRaw<{ id: string; slug: string; dueAt: Date }[]>`
      select h.id, h.slug, a.due_at as "dueAt"
        from public.hospital h
        cross join lateral (select due_at from public.notification_agenda
                             where queue = ${queue} and hospital_id = h.id and due_at <= now()
                             order by due_at limit 1) a
       where h.status = 'active' and h.id <> all (${[...without]}::uuid[])
       order by a.due_at limit ${take}`;
    return rows.map(({ dueAt, ...hospital }) => ({ hospital: hospitalRef(hospital), dueAt }));
  }
}
