import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import { HospitalDatabase } from '@hms/database';
import { ApiConfig } from '../../platform/config/api-config.js';
import type { ExternalConsumer } from '../../platform/events/event-consumer.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { Mail } from '../../platform/mail/mail.js';
import { Mailer } from '../../platform/mail/mailer.service.js';
import { BreakGlassMailRepository, type OpenedGlass } from './break-glass-mail.repository.js';
import { ReviewRequests } from './review-requests.service.js';
import type { Reviewer } from './reviewers.repository.js';

/**
 * Tells one person that glass was broken, or asks others where that person may not look at it any more. After a crash in
 * between, a mail may come twice, with the same message id.
 */
@Injectable()
export class BreakGlassReviewMails implements ExternalConsumer<'break-glass.review-asked'> {
  readonly name = 'break-glass-review-mails';
  readonly effect = 'external';
  readonly types = ['break-glass.review-asked'] as const;
  /** With pauses of up to 5 minutes, a mail server may be away for half a day. */
  readonly attempts = 150;
  readonly backoffMs = 1_000;
  readonly deadlineMs = 20_000;

  constructor(
    private readonly database: HospitalDatabase,
    private readonly grants: BreakGlassMailRepository,
    private readonly requests: ReviewRequests,
    private readonly outbox: Outbox,
    private readonly mailer: Mailer,
    private readonly config: ApiConfig,
  ) {}

  async handle({ id, hospitalId, payload }: DomainEvent<'break-glass.review-asked'>): Promise<void> {
    const opened = hospitalId === null ? undefined : await this.grants.find(hospitalId, payload.id);
    if (hospitalId === null || !opened) throw new Error('there is no such grant to review');
    const glass = { id: payload.id, hospitalId, holder: opened.holder.id };
    const to = await this.database.inPublic((tx) => this.requests.resolve(tx, glass, payload.userId));
    if (!to) {
      this.outbox.wakeRelay();
      return;
    }
    const link = new URL('/break-glass', this.config.publicUrl).href;
    const { displayName: name, email: address } = to;
    await this.mailer.send(breakGlassMail(opened, to, link), { to: { name, address }, id });
  }
}

/** Mail is read outside of the hospital: it names neither the patient nor the reason. */
function breakGlassMail({ holder, hospital, openedAt, expiresAt }: OpenedGlass, to: Reviewer, link: string): Mail {
  const subject = `Break-glass access at ${hospital}`;
  const what = [
    `Hello ${to.displayName},`,
    `${holder.displayName} opened a patient's record beyond their wards at ${openedAt.toISOString()}. The access ends at ${expiresAt.toISOString()} at the latest.`,
  ];
  const review = 'Somebody other than its holder reviews it within 72 hours, with the reason that was given:';
  const appoint = `${hospital} has no other administrator who could review it within 72 hours: invite one.`;
  return to.administers
    ? { subject, paragraphs: [...what, review], link }
    : { subject, paragraphs: [...what, appoint] };
}
