import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { knownZone } from '../../../platform/http/zone.js';
import type { Priority, TemplateCode } from '../notification.terms.js';
import { dialable, waysTo, type Reach } from './channels.policy.js';
import {
  PlanningRepository,
  type ChoiceRow,
  type ContactRow,
  type NewDelivery,
  type NewNotification,
  type PatientRow,
} from './planning.repository.js';
import { afterQuietHours } from './quiet-hours.policy.js';

/** A user, or a patient, whose login is told if there is one. */
export type Recipient = { readonly userId: string } | { readonly patientId: string };

/** What somebody is to be told. */
export interface Notice {
  /** Of two with the same key in a hospital the second is none. */
  readonly dedupeKey: string;
  readonly code: TemplateCode;
  /** What the texts are made of; instants as RFC 3339. */
  readonly params: Readonly<Record<string, string>>;
  readonly recipient: Recipient;
  readonly priority: Priority;
  /** Nobody is told later than this. */
  readonly expiresAt: Date;
  /** Of the quiet hours of whoever chose none; that of the hospital unless said. */
  readonly timezone?: string;
  readonly broadcastId?: string;
  readonly createdBy?: string;
}

export interface Planned {
  readonly id: string;
  readonly dedupeKey: string;
  readonly userId: string | null;
  readonly patientId: string | null;
}

interface Addressee {
  readonly notice: Notice;
  readonly contact: ContactRow | undefined;
  readonly patient: PatientRow | undefined;
  readonly choice: ChoiceRow | undefined;
}

/**
 * Decides who is told what, on which ways and from when on, and writes it down in the transaction of whatever it is told
 * about. Whoever sends it finds it there.
 */
@Injectable()
export class Notifier {
  constructor(
    private readonly planning: PlanningRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Those that are new, in the order of the notices; of people who are no recipients (any more) there are none. */
  async notify(tx: TenantTx, notices: readonly Notice[], now: Date): Promise<Planned[]> {
    const addressees = await this.#addressees(tx, notices);
    const rows = addressees.map((addressee) => ({ addressee, row: toNotification(addressee) }));
    const inserted = await this.planning.insert(
      tx,
      rows.map(({ row }) => row),
    );
    const fresh = rows.filter(({ row }) => inserted.has(row.id));
    const settings = await this.planning.settings(tx);
    const deliveries = fresh.flatMap(({ addressee, row }) => deliveriesOf(addressee, row, settings, now));
    await this.planning.insertDeliveries(tx, deliveries);
    for (const { row } of fresh) await this.#tellLive(tx, row);
    return fresh.map(({ row: { id, dedupeKey, userId, patientId } }) => ({ id, dedupeKey, userId, patientId }));
  }

  async #addressees(tx: TenantTx, notices: readonly Notice[]): Promise<Addressee[]> {
    const patientIds = notices.flatMap(({ recipient }) => ('patientId' in recipient ? [recipient.patientId] : []));
    const accounts = patientIds.length > 0 ? await this.planning.accountsOf(tx, patientIds) : [];
    const userOf = new Map(accounts.map(({ patientId, userId }) => [patientId, userId]));
    const named = notices.flatMap(({ recipient }) => ('userId' in recipient ? [recipient.userId] : []));
    const userIds = [...new Set([...named, ...userOf.values()])];
    const contacts = byKey(await this.planning.contacts(tx, userIds), ({ userId }) => userId);
    const ofContacts = [...contacts.values()].flatMap(({ patientId }) => patientId ?? []);
    const patients = byKey(await this.planning.patients(tx, [...patientIds, ...ofContacts]), ({ id }) => id);
    const choices = byKey(await this.planning.choices(tx, userIds), ({ userId }) => userId);
    return notices.flatMap((notice) => {
      const { recipient } = notice;
      const userId = 'userId' in recipient ? recipient.userId : userOf.get(recipient.patientId);
      const contact = userId === undefined ? undefined : contacts.get(userId);
      const patientId = 'patientId' in recipient ? recipient.patientId : contact?.patientId;
      const patient = patientId ? patients.get(patientId) : undefined;
      if ('userId' in recipient ? !contact : !patient) return [];
      return [{ notice, contact, patient, choice: userId === undefined ? undefined : choices.get(userId) }];
    });
  }

  async #tellLive(tx: TenantTx, { id, userId }: NewNotification): Promise<void> {
    if (userId === null) return;
    const hospitalId = tx.hospital.id;
    await this.outbox.add(tx, { type: 'notification.created', payload: { id, userId }, hospitalId, actorId: null });
  }
}

const byKey = <Row>(rows: readonly Row[], key: (row: Row) => string): ReadonlyMap<string, Row> =>
  new Map(rows.map((row) => [key(row), row]));

const toNotification = ({ notice, contact, patient }: Addressee): NewNotification => ({
  id: uuidv7(),
  dedupeKey: notice.dedupeKey,
  code: notice.code,
  params: notice.params,
  userId: contact?.userId ?? null,
  patientId: patient?.id ?? null,
  broadcastId: notice.broadcastId ?? null,
  priority: notice.priority,
  expiresAt: notice.expiresAt,
  createdBy: notice.createdBy ?? null,
});

type Settings = Awaited<ReturnType<PlanningRepository['settings']>>;

function deliveriesOf(addressee: Addressee, row: NewNotification, settings: Settings, now: Date): NewDelivery[] {
  const { contact, patient, choice } = addressee;
  const reach: Reach = {
    hasAccount: contact !== undefined,
    pushTokenIds: contact?.pushTokenIds ?? [],
    hasEmail: (contact?.email ?? patient?.email ?? null) !== null,
    hasPhone: dialable(choice?.phone ?? patient?.phone) !== undefined,
    chosen: choice?.channels,
  };
  const base = { notificationId: row.id, urgent: row.priority === 'urgent', pushTokenId: null, error: null };
  const ways = waysTo(reach, settings.channels, row.priority);
  if (ways.length === 0) {
    const over = { status: 'failed', error: 'recipient.unreachable', dueAt: null, finishedAt: now } as const;
    return [{ ...base, ...over, id: uuidv7(), channel: 'email' }];
  }
  const sendAt = row.priority === 'urgent' ? now : afterQuietHours(now, quietHoursOf(addressee, settings));
  return ways.map(({ channel, pushTokenId = null }): NewDelivery => {
    const way = { ...base, id: uuidv7(), channel, pushTokenId };
    if (channel === 'in-app') return { ...way, status: 'sent', dueAt: null, finishedAt: now };
    if (sendAt >= row.expiresAt) {
      return { ...way, status: 'expired', error: 'quiet-hours', dueAt: null, finishedAt: now };
    }
    return { ...way, status: 'queued', dueAt: sendAt, finishedAt: null };
  });
}

const quietHoursOf = ({ choice, notice }: Addressee, settings: Settings) => ({
  from: choice?.quietFrom ?? settings.quietFrom,
  until: choice?.quietUntil ?? settings.quietUntil,
  timezone: knownZone(choice?.timezone, notice.timezone, settings.timezone),
});
