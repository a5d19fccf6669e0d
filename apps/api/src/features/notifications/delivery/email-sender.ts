import type { Mailer } from '../../../platform/mail/mailer.service.js';
import type { HandingOver } from '../providers/handing-over.js';
import { languageFor } from '../templates/rendering.policy.js';
import type { TemplateText } from '../templates/builtin-templates.js';
import type { ChannelSender } from './channel-sender.js';
import type { ClaimedDelivery } from './claimed-delivery.js';
import { linkTo } from './message-link.js';

/** SMTP cannot be asked what it took: a mail in doubt is sent again with the same message id. */
export class EmailSender implements ChannelSender {
  readonly channel = 'email';
  readonly concurrency = 4;

  constructor(
    private readonly mailer: Pick<Mailer, 'send'>,
    private readonly publicUrl: string,
  ) {}

  async send(delivery: ClaimedDelivery, { subject, body }: TemplateText): Promise<HandingOver> {
    const { id, email, name, notificationId, hospitalName, languages } = delivery;
    if (email === null) return { kind: 'refused', code: 'recipient.no-email' };
    const link = linkTo(this.publicUrl, notificationId);
    const paragraphs = body.split('\n\n');
    const mail = { subject: subject ?? hospitalName, paragraphs, link, lang: languageFor(...languages) };
    try {
      await this.mailer.send(mail, { to: { name: name ?? '', address: email }, id });
      return { kind: 'accepted', providerId: id };
    } catch (err) {
      return outcomeOf(err);
    }
  }
}

/** Of a mail for one recipient, the server refused that recipient or what the mail says. */
const aboutTheMail = new Set(['RCPT TO', 'DATA']);

function outcomeOf(err: unknown): HandingOver {
  const { responseCode: status, command } = Object(err) as { responseCode?: unknown; command?: unknown };
  if (typeof status === 'number') {
    const code = `smtp.${String(status)}`;
    const isFinal = status >= 500 && typeof command === 'string' && aboutTheMail.has(command);
    if (isFinal) return { kind: 'refused', code };
    // A mailbox that is full or greylists; with 421 the server leaves, whatever it was asked.
    const aboutMessage = command === 'RCPT TO' && status !== 421;
    return aboutMessage ? { kind: 'postponed', code, aboutMessage } : { kind: 'postponed', code };
  }
  return command === 'CONN'
    ? { kind: 'postponed', code: 'smtp.unreachable' }
    : { kind: 'in-doubt', code: 'smtp.no-answer' };
}
