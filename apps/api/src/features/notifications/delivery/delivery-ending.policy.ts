import type { HandingOver } from '../providers/handing-over.js';
import type { ClaimedDelivery, Ending } from './claimed-delivery.js';

const shortestPauseMs = 2_000;
const longestPauseMs = 600_000;

export interface Try {
  readonly attempt: number;
  readonly leaseMs: number;
  /** 0 to 1: spreads the repetitions of many over the pause. */
  readonly chance: number;
}

/** What a try comes to. */
export function endingOf(handingOver: HandingOver, { attempt, leaseMs, chance }: Try): Ending {
  switch (handingOver.kind) {
    case 'accepted':
      return { status: 'sent', providerId: handingOver.providerId };
    case 'refused':
      return { status: 'failed', error: handingOver.code };
    case 'postponed': {
      const pause = Math.max(pauseMs(attempt, chance), handingOver.retryAfterMs ?? 0);
      return { status: 'queued', error: handingOver.code, retryInMs: pause };
    }
    case 'in-doubt': {
      // Until what was taken can be expected to be found.
      const pause = Math.max(pauseMs(attempt, chance), handingOver.retryAfterMs ?? 0, leaseMs);
      return { status: 'sending', error: handingOver.code, retryInMs: pause };
    }
  }
}

/** Half of it is certain: a provider that is overrun is never asked again at once. */
function pauseMs(attempt: number, chance: number): number {
  const pause = Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(attempt - 1, 20));
  return Math.round(pause / 2 + (pause / 2) * chance);
}

/** Why nothing is to be handed over any more. `canAsk`: what is in doubt was asked for, and the provider has not got it. */
export function needlessFor(
  { isRecipient, isExpired, withdrawnBy, inDoubtSince }: Need,
  canAsk: boolean,
): Ending | undefined {
  if (isRecipient && !isExpired && withdrawnBy === null) return undefined;
  if (inDoubtSince !== null && !canAsk) return { status: 'failed', error: 'delivery.in-doubt' };
  if (!isRecipient) return { status: 'cancelled', error: 'recipient.gone' };
  return withdrawnBy === null ? { status: 'expired', error: 'expired' } : { status: 'cancelled', error: withdrawnBy };
}

type Need = Pick<ClaimedDelivery, 'isRecipient' | 'isExpired' | 'withdrawnBy' | 'inDoubtSince'>;
