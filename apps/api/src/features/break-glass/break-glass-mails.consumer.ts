import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import { ApiConfig } from '../../platform/config/api-config.js';
import type { ExternalConsumer } from '../../platform/events/event-consumer.js';
import type { Mail } from '../../platform/mail/mail.js';
import { Mailer } from '../../platform/mail/mailer.service.js';
import { BreakGlassMailRepository, type OpenedGlass } from './break-glass-mail.repository.js';

/**
 * Tells the administrators of a hospital, all but the holder, that glass was broken. After a failure in between, a mail
 * may come twice, with the same message id.
 */
@Injectable()
export class BreakGlassMails implements ExternalConsumer<'break-glass.opened'> {
  readonly name = 'break-glass-mails';
  readonly effect = 'external';
  readonly types = ['break-glass.opened'] as const;
  /** With pauses of up to 5 minutes, a mail server may be away for half a day. */
  readonly attempts = 150;
  readonly backoffMs = 1_000;
  readonly deadlineMs = 30_000;

  constructor(
    private readonly grants: BreakGlassMailRepository,
    private readonly mailer: Mailer,
    private readonly config: ApiConfig,
  ) {}

  /** @throws the failure of one mail once all were tried: one address that is refused keeps no mail from the others */
  async handle({ id, hospitalId, payload }: DomainEvent<'break-glass.opened'>): Promise<void> {
    const opened = hospitalId === null ? undefined : await this.grants.find(hospitalId, payload.id);
    if (!opened) return;
    const link = new URL('/break-glass', this.config.publicUrl).href;
    const sendings = await Promise.allSettled(
      opened.administrators.map((to) =>
        this.mailer.send(breakGlassMail(to.displayName, opened, link), {
          to: { name: to.displayName, address: to.email },
          id: `${id}.${to.id}`,
        }),
      ),
    );
    const failed = sendings.find((sending) => sending.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

/** Mail is read outside of the hospital: it names neither the patient nor the reason. */
const breakGlassMail = (name: string, { holder, hospital, openedAt, expiresAt }: OpenedGlass, link: string): Mail => ({
  subject: `Break-glass access at ${hospital}`,
  paragraphs: [
    `Hello ${name},`,
    `${holder} opened a patient's record beyond their wards at ${openedAt.toISOString()}. The access ends at ${expiresAt.toISOString()} at the latest.`,
    'Somebody other than its holder reviews it within 72 hours, with the reason that was given:',
  ],
  link,
});
