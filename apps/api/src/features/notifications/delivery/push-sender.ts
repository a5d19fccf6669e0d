import type { FcmClient } from '../providers/fcm.client.js';
import type { HandingOver } from '../providers/handing-over.js';
import type { TemplateText } from '../templates/builtin-templates.js';
import type { PushTokensRepository } from '../tokens/push-tokens.repository.js';
import type { ChannelSender } from './channel-sender.js';
import type { ClaimedDelivery } from './claimed-delivery.js';
import { cutText } from './cut-text.js';

/** FCM takes 4 KB with the title and all that is around it; a locked screen shows less. */
const maxBodyBytes = 1_024;

/** A push that may have been sent is sent again under the same tag: the device shows it once. */
export class PushSender implements ChannelSender {
  readonly channel = 'push';
  readonly concurrency = 8;

  constructor(
    private readonly fcm: FcmClient,
    private readonly tokens: PushTokensRepository,
  ) {}

  async send(delivery: ClaimedDelivery, { subject, body }: TemplateText): Promise<HandingOver> {
    const { userId, pushTokenId, notificationId, code, urgent, expiresAt } = delivery;
    const token = userId && pushTokenId ? await this.tokens.findActive(userId, pushTokenId) : undefined;
    if (!token || !pushTokenId) return { kind: 'refused', code: 'recipient.no-device' };
    const handingOver = await this.fcm.send({
      token,
      id: notificationId,
      title: subject ?? '',
      body: cutText(body, maxBodyBytes),
      urgent,
      data: { notificationId, code },
      expiresAt,
    });
    if (handingOver.kind === 'refused' && handingOver.addressGone)
      await this.tokens.noteUnregistered(pushTokenId, token);
    return handingOver;
  }
}
