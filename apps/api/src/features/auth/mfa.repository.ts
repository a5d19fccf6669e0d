import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { sessionKindOf, type SessionKind } from '@hms/auth';
import type { FirstFactor } from './session-proof.js';

const maxTries = 5;

export interface NewChallenge {
  readonly tokenHash: Uint8Array<ArrayBuffer>;
  readonly userId: string;
  readonly hospitalId: string | null;
  readonly kind: SessionKind;
  readonly firstFactor: FirstFactor;
  /** Of the user when the sign-in began. */
  readonly epoch: number;
  readonly expiresAt: Date;
}

export type Challenge = Pick<NewChallenge, 'userId' | 'hospitalId' | 'kind' | 'firstFactor' | 'epoch'>;

@Injectable()
export class MfaRepository {
  constructor(private readonly database: HospitalDatabase) {}

  async isEnrolled(userId: string): Promise<boolean> {
    const where = { userId, confirmedAt: { not: null } };
    return (await this.database.publicClient.totpFactor.count({ where })) > 0;
  }

  /** Stores the secret of an authenticator to be confirmed; false when one counts already. */
  async offerFactor(tx: PublicTx, userId: string, secretSealed: string): Promise<boolean> {
    const stored = await tx.$executeRaw`
      insert into public.totp_factor as f (user_id, secret_sealed) values (${userId}::uuid, ${secretSealed})
      on conflict (user_id) do update set secret_sealed = excluded.secret_sealed, created_at = now()
       where f.confirmed_at is null`;
    return stored === 1;
  }

  async findSecret(tx: PublicTx, userId: string, { confirmed }: { confirmed: boolean }): Promise<string | undefined> {
    const factor = await tx.totpFactor.findFirst({
      where: { userId, confirmedAt: confirmed ? { not: null } : null },
      select: { secretSealed: true },
    });
    return factor?.secretSealed;
  }

  /** False when somebody confirmed it, or replaced its secret, meanwhile. */
  async confirmFactor(
    tx: PublicTx,
    { userId, secretSealed, step, now }: { userId: string; secretSealed: string; step: number; now: Date },
  ): Promise<boolean> {
    const { count } = await tx.totpFactor.updateMany({
      where: { userId, secretSealed, confirmedAt: null },
      data: { confirmedAt: now, lastStep: step },
    });
    return count === 1;
  }

  /** Takes a step for good: of any number of takers at once, one is told true. */
  async takeStep(tx: PublicTx, userId: string, step: number): Promise<boolean> {
    const where = { userId, confirmedAt: { not: null }, lastStep: { lt: step } };
    return (await tx.totpFactor.updateMany({ where, data: { lastStep: step } })).count === 1;
  }

  async takeRecoveryCode(tx: PublicTx, userId: string, codeHash: Uint8Array<ArrayBuffer>, now: Date): Promise<boolean> {
    const where = { userId, codeHash, usedAt: null };
    return (await tx.recoveryCode.updateMany({ where, data: { usedAt: now } })).count === 1;
  }

  async replaceRecoveryCodes(tx: PublicTx, userId: string, hashes: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    await tx.recoveryCode.deleteMany({ where: { userId } });
    await tx.recoveryCode.createMany({ data: hashes.map((codeHash) => ({ userId, codeHash })) });
  }

  /** Forgets authenticator, one not confirmed yet, recovery codes and challenges; false when none was confirmed. */
  async removeFactor(tx: PublicTx, userId: string): Promise<boolean> {
    const { count } = await tx.totpFactor.deleteMany({ where: { userId, confirmedAt: { not: null } } });
    await tx.totpFactor.deleteMany({ where: { userId } });
    await tx.recoveryCode.deleteMany({ where: { userId } });
    await tx.mfaChallenge.deleteMany({ where: { userId } });
    return count === 1;
  }

  /** Forgets an authenticator that nobody confirmed. */
  async removeOffer(tx: PublicTx, userId: string): Promise<void> {
    await tx.totpFactor.deleteMany({ where: { userId, confirmedAt: null } });
  }

  /** Those of the user that nobody can answer any more go, so that signing in leaves nothing behind. */
  async addChallenge(tx: PublicTx, challenge: NewChallenge, now: Date): Promise<void> {
    const { tokenHash, userId, hospitalId, kind, firstFactor, epoch, expiresAt } = challenge;
    await tx.mfaChallenge.deleteMany({
      where: { userId, OR: [{ expiresAt: { lte: now } }, { spentAt: { not: null } }] },
    });
    await tx.mfaChallenge.create({
      data: { tokenHash, userId, hospitalId, sessionKind: kind, amr: firstFactor, signInEpoch: epoch, expiresAt },
    });
  }

  /** Counts a try before the code is looked at, so that tries at the same time count too; undefined when none is left. */
  async beginTry(tokenHash: Uint8Array<ArrayBuffer>, now: Date): Promise<Challenge | undefined> {
    const [challenge] = await this.database.publicClient.mfaChallenge.updateManyAndReturn({
      where: { tokenHash, spentAt: null, tries: { lt: maxTries }, expiresAt: { gt: now } },
      data: { tries: { increment: 1 } },
      select: { userId: true, hospitalId: true, sessionKind: true, amr: true, signInEpoch: true },
    });
    if (!challenge) return undefined;
    const { userId, hospitalId, sessionKind, amr, signInEpoch: epoch } = challenge;
    return { userId, hospitalId, kind: sessionKindOf(sessionKind), firstFactor: amr === 'fed' ? 'fed' : 'pwd', epoch };
  }

  /** Whoever is in the middle of signing in starts again. */
  async endChallenges(tx: PublicTx, userId: string): Promise<void> {
    await tx.mfaChallenge.deleteMany({ where: { userId } });
  }

  async spendChallenge(tx: PublicTx, tokenHash: Uint8Array<ArrayBuffer>, now: Date): Promise<boolean> {
    const where = { tokenHash, spentAt: null };
    return (await tx.mfaChallenge.updateMany({ where, data: { spentAt: now } })).count === 1;
  }

  /** From now on the session counts as opened with a second factor; who its user is has not been proved anew. */
  async proveSession(tx: PublicTx, sessionId: string, now: Date): Promise<void> {
    await tx.session.updateMany({
      where: { id: sessionId, revokedAt: null, mfaAt: null },
      data: { amr: { push: 'otp' }, mfaAt: now },
    });
  }

  /** Where a user works, and whether the platform trusts it with more. */
  async findReach(tx: PublicTx, userId: string): Promise<{ hospitalIds: string[]; isPlatform: boolean } | undefined> {
    const user = await tx.user.findUnique({
      where: { id: userId },
      select: { platformRole: true, memberships: { where: { revokedAt: null }, select: { hospitalId: true } } },
    });
    if (!user) return undefined;
    const hospitalIds = [...new Set(user.memberships.map(({ hospitalId }) => hospitalId))];
    return { hospitalIds, isPlatform: user.platformRole !== null };
  }
}
