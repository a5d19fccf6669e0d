import type { OutsideChannel } from '../notification.terms.js';
import type { HandingOver } from '../providers/handing-over.js';
import type { TemplateText } from '../templates/builtin-templates.js';
import type { ClaimedDelivery } from './claimed-delivery.js';

/** One way out of the platform. */
export interface ChannelSender {
  readonly channel: OutsideChannel;
  /** Of one hospital, handed over at the same time. */
  readonly concurrency: number;
  /**
   * What the provider calls the delivery if an earlier try did reach it. A channel without this repeats what is in doubt:
   * it is sent with an id by which the recipient's side tells that it is the same.
   * @throws an Error when the provider does not say
   */
  find?(delivery: ClaimedDelivery): Promise<string | undefined>;
  /** `addressGone` in the answer is noted by whoever keeps the address. */
  send(delivery: ClaimedDelivery, text: TemplateText): Promise<HandingOver>;
}

export const channelSenders = Symbol('channel senders');
