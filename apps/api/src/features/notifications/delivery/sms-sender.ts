import { dialable } from '../planning/channels.policy.js';
import type { HandingOver } from '../providers/handing-over.js';
import type { TwilioClient } from '../providers/twilio.client.js';
import type { TemplateText } from '../templates/builtin-templates.js';
import type { ChannelSender } from './channel-sender.js';
import type { ClaimedDelivery } from './claimed-delivery.js';
import { linkTo, referenceOf } from './message-link.js';

/** Clocks differ: what was created a little before is looked at as well. */
const skewMs = 60_000;

/** Each SMS ends in the link of its notification, which is how a message that may have been sent is found again. */
export class SmsSender implements ChannelSender {
  readonly channel = 'sms';
  readonly concurrency = 8;

  constructor(
    private readonly twilio: TwilioClient,
    private readonly publicUrl: string,
  ) {}

  async find({ phone, notificationId, inDoubtSince }: ClaimedDelivery): Promise<string | undefined> {
    const to = dialable(phone);
    if (to === undefined || inDoubtSince === null) return undefined;
    return this.twilio.find(to, referenceOf(notificationId), new Date(inDoubtSince.getTime() - skewMs));
  }

  async send({ phone, notificationId }: ClaimedDelivery, { body }: TemplateText): Promise<HandingOver> {
    const to = dialable(phone);
    if (to === undefined) return { kind: 'refused', code: 'recipient.no-phone' };
    const link = linkTo(this.publicUrl, notificationId);
    return this.twilio.send({ to, body: body.includes(link) ? body : `${body} ${link}` });
  }
}
