import { createHmac } from 'node:crypto';

/** How long the answer to a rotation may be asked for again when it got lost on the way. */
export const repeatWindowMs = 10_000;

/**
 * The token that replaces this one. It is derived, not drawn, so that a client whose answer was lost can be given the
 * same successor again without the server keeping any token.
 */
export const successorOf = (token: string, secret: Buffer): string =>
  createHmac('sha256', secret).update(token).digest('base64url');

export interface PresentedToken {
  readonly rotatedAt: Date | null;
  /** Whether the token that replaced this one was itself replaced. */
  readonly successorRotated: boolean;
}

/**
 * What presenting a token of a living session means: a first use rotates it, the parent of the newest token may be
 * repeated for {@link repeatWindowMs}, anything older was stolen or leaked.
 */
export function judge(token: PresentedToken, now: Date): 'rotate' | 'repeat' | 'reuse' {
  if (token.rotatedAt === null) return 'rotate';
  const age = now.getTime() - token.rotatedAt.getTime();
  return !token.successorRotated && age <= repeatWindowMs ? 'repeat' : 'reuse';
}
