import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type HospitalRef } from '@hms/database';
import { ApiConfig } from '../../../platform/config/api-config.js';
import type { Mail } from '../../../platform/mail/mail.js';
import { Mailer } from '../../../platform/mail/mailer.service.js';
import { AlarmMailRepository, type DueMail, type MailOutcome } from './alarm-mail.repository.js';

/**
 * Mails to those an escalation reaches. Each is sent while the alarm still needs somebody; after a crash in between it may
 * come twice, with the same message id.
 */
@Injectable()
export class AlarmMails {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly mails: AlarmMailRepository,
    private readonly mailer: Mailer,
    private readonly config: ApiConfig,
  ) {}

  /**
   * False when it is not due any more, or another worker is at it.
   * @throws whatever the mail server's refusal throws; the mail is due again after a pause
   */
  async send(hospital: HospitalRef, id: string): Promise<boolean> {
    const mail = await this.database.inHospital(hospital, (tx) => this.mails.claim(tx, id));
    if (!mail) return false;
    const outcome = needlessFor(mail) ?? (await this.#deliver(hospital, id, mail));
    await this.database.inHospital(hospital, (tx) => this.mails.finish(tx, id, outcome));
    return true;
  }

  async #deliver(hospital: HospitalRef, id: string, mail: DueMail): Promise<MailOutcome> {
    const member = await this.mails.findMember(hospital, mail.userId);
    if (!member) return 'not-a-member';
    const { displayName: name, email: address } = member;
    const link = new URL(`/alarms/${mail.alarmId}`, this.config.publicUrl).href;
    await this.mailer.send(alarmMail(mail, name, link), { to: { name, address }, id });
    return 'sent';
  }
}

function needlessFor({ state, suppressed }: DueMail): MailOutcome | undefined {
  if (state !== 'raised' && state !== 'notified') return 'answered';
  return suppressed ? 'suppressed' : undefined;
}

/** Mail is read outside of the hospital: it says where, and nothing of whom or what. */
function alarmMail({ wardName, bedLabel, priority, raisedAt, level }: DueMail, name: string, link: string): Mail {
  const place = bedLabel === null ? wardName : `${wardName}, bed ${bedLabel}`;
  const waiting = level === 0 ? 'was raised' : 'has not been acknowledged since it was raised';
  return {
    subject: `Alarm: ${place}`,
    paragraphs: [
      `Hello ${name},`,
      `An alarm of ${priority} priority (${place}) ${waiting} at ${raisedAt.toISOString()}.`,
      'Whoever acknowledges it sees to it, and nobody else is told any more:',
    ],
    link,
  };
}
