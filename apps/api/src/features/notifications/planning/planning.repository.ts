import { Injectable } from '@nestjs/common';
import { schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import type { Channel, OutsideChannel, Priority } from '../notification.terms.js';

export interface SettingsRow {
  readonly channels: Channel[];
  readonly language: string;
  readonly quietFrom: string;
  readonly quietUntil: string;
}

/** A member of the hospital. */
export interface ContactRow {
  readonly userId: string;
  readonly email: string;
  readonly displayName: string;
  readonly patientId: string | null;
  readonly pushTokenIds: string[];
}

export interface PatientRow {
  readonly id: string;
  readonly phone: string | null;
  readonly email: string | null;
}

export interface ChoiceRow {
  readonly userId: string;
  readonly channels: OutsideChannel[];
  readonly quietFrom: string | null;
  readonly quietUntil: string | null;
  readonly timezone: string | null;
  readonly phone: string | null;
}

export interface NewNotification {
  readonly id: string;
  readonly dedupeKey: string;
  readonly code: string;
  readonly params: Readonly<Record<string, string>>;
  readonly userId: string | null;
  readonly patientId: string | null;
  readonly broadcastId: string | null;
  readonly priority: Priority;
  readonly expiresAt: Date;
  readonly createdBy: string | null;
}

export interface NewDelivery {
  readonly id: string;
  readonly notificationId: string;
  readonly channel: Channel;
  readonly pushTokenId: string | null;
  readonly urgent: boolean;
  readonly status: 'queued' | 'sent' | 'failed' | 'expired';
  readonly dueAt: Date | null;
  readonly error: string | null;
  readonly finishedAt: Date | null;
}

const { sql, join } = TenantPrisma;

@Injectable()
export class PlanningRepository {
  async settings(tx: TenantTx): Promise<SettingsRow & { readonly timezone: string }> {
    const [row] = await tx.$queryRaw<(SettingsRow & { timezone: string })[]>`
      select s.channels, s.language, s.quiet_from as "quietFrom", s.quiet_until as "quietUntil", h.timezone
        from ${schemaSql(tx.hospital)}.notification_settings s, public.notification_sender() h`;
    if (!row) throw new Error('the hospital has no notification settings');
    return row;
  }

  /** Those of them who belong to the hospital now. */
  contacts(tx: TenantTx, userIds: readonly string[]): Promise<ContactRow[]> {
    return tx.$queryRaw<ContactRow[]>`
      select user_id as "userId", email, display_name as "displayName", patient_id as "patientId",
             push_token_ids as "pushTokenIds"
        from public.notification_contacts(${[...userIds]}::uuid[])`;
  }

  accountsOf(tx: TenantTx, patientIds: readonly string[]): Promise<{ patientId: string; userId: string }[]> {
    return tx.$queryRaw<{ patientId: string; userId: string }[]>`
      select patient_id as "patientId", user_id as "userId"
        from public.notification_accounts(${[...patientIds]}::uuid[])`;
  }

  /** Those of them who live and are on record. */
  patients(tx: TenantTx, ids: readonly string[]): Promise<PatientRow[]> {
    const where = { id: { in: [...ids] }, deletedAt: null, deceasedAt: null };
    return tx.patient.findMany({ where, select: { id: true, phone: true, email: true } });
  }

  choices(tx: TenantTx, userIds: readonly string[]): Promise<ChoiceRow[]> {
    return tx.$queryRaw<ChoiceRow[]>`
      select user_id as "userId", channels, quiet_from as "quietFrom", quiet_until as "quietUntil", timezone, phone
        from ${schemaSql(tx.hospital)}.notification_preference where user_id = any(${[...userIds]}::uuid[])`;
  }

  /** Those that were not there yet, by their dedupe keys. */
  async insert(tx: TenantTx, rows: readonly NewNotification[]): Promise<ReadonlySet<string>> {
    if (rows.length === 0) return new Set();
    const values = rows.map(
      (row) => sql`(${row.id}::uuid, ${row.dedupeKey}, ${row.code}, ${JSON.stringify(row.params)}::jsonb,
        ${row.userId}::uuid, ${row.patientId}::uuid, ${row.broadcastId}::uuid, ${row.priority}, ${row.expiresAt},
        ${row.createdBy}::uuid)`,
    );
    const inserted = await tx.$queryRaw<{ id: string }[]>`
      insert into ${schemaSql(tx.hospital)}.notification
        (id, dedupe_key, code, params, user_id, patient_id, broadcast_id, priority, expires_at, created_by)
      values ${join(values)} on conflict (dedupe_key) do nothing returning id`;
    return new Set(inserted.map(({ id }) => id));
  }

  async insertDeliveries(tx: TenantTx, data: readonly NewDelivery[]): Promise<void> {
    await tx.notificationDelivery.createMany({ data: [...data] });
  }
}
