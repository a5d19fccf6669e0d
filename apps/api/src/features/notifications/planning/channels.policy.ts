import type { Channel, OutsideChannel, Priority } from '../notification.terms.js';

/** Somebody who is to be told, and how they can be reached. */
export interface Reach {
  /** Without an account there is no inbox and no app. */
  readonly hasAccount: boolean;
  readonly pushTokenIds: readonly string[];
  readonly hasEmail: boolean;
  readonly hasPhone: boolean;
  /** What they chose; undefined when they never did. */
  readonly chosen: readonly OutsideChannel[] | undefined;
}

export interface Way {
  readonly channel: Channel;
  readonly pushTokenId?: string;
}

/** Whoever never chose is not sent an SMS for what their app or mailbox tells them too. */
const unlessChosen: readonly OutsideChannel[] = ['push', 'email'];

/**
 * The ways one notification goes, of those the hospital allows. What is urgent goes all of them, whatever the recipient
 * chose. A patient without an account gets an SMS, or else a mail.
 */
export function waysTo(reach: Reach, allowed: readonly Channel[], priority: Priority): Way[] {
  const may = (channel: OutsideChannel): boolean => allowed.includes(channel);
  if (!reach.hasAccount) {
    if (reach.hasPhone && may('sms')) return [{ channel: 'sms' }];
    return reach.hasEmail && may('email') ? [{ channel: 'email' }] : [];
  }
  const wanted = priority === 'urgent' ? allowed : (reach.chosen ?? unlessChosen);
  const takes = (channel: OutsideChannel): boolean => may(channel) && wanted.includes(channel);
  return [
    { channel: 'in-app' },
    ...(takes('push') ? reach.pushTokenIds.map((pushTokenId): Way => ({ channel: 'push', pushTokenId })) : []),
    ...(takes('email') && reach.hasEmail ? [{ channel: 'email' } as const] : []),
    ...(takes('sms') && reach.hasPhone ? [{ channel: 'sms' } as const] : []),
  ];
}

/** A number as it is dialled from anywhere (E.164); undefined for one that only its own country can dial. */
export function dialable(phone: string | null | undefined): string | undefined {
  if (!phone?.trim().startsWith('+')) return undefined;
  const digits = phone.replace(/\D/g, '');
  return /^[1-9]\d{6,14}$/.test(digits) ? `+${digits}` : undefined;
}
