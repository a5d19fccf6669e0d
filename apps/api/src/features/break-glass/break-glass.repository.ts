import { Injectable } from '@nestjs/common';
import { constraintOf, type TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { BreakGlassStatus, GrantTimes, ReasonCode, ReviewOutcome } from './break-glass.policy.js';

const columns = {
  id: true,
  patientId: true,
  userId: true,
  reasonCode: true,
  justification: true,
  openedAt: true,
  expiresAt: true,
  closedAt: true,
  reviewDueAt: true,
  reviewedAt: true,
  reviewedBy: true,
  outcome: true,
  reviewNote: true,
} as const satisfies TenantPrisma.BreakGlassSelect;

export type BreakGlassRow = TenantPrisma.BreakGlassGetPayload<{ select: typeof columns }>;

/** Who reaches whom. */
export interface GrantKey {
  readonly userId: string;
  readonly patientId: string;
}

export interface NewGrant extends GrantKey, GrantTimes {
  readonly sessionId: string;
  readonly reasonCode: ReasonCode;
  readonly justification: string;
}

export interface Review {
  readonly by: string;
  readonly outcome: ReviewOutcome;
  readonly note: string;
  readonly now: Date;
}

const running = (now: Date) => ({ closedAt: null, expiresAt: { gt: now } });

const having = (status: BreakGlassStatus | undefined, now: Date): TenantPrisma.BreakGlassWhereInput => {
  if (status === undefined) return {};
  if (status === 'reviewed') return { reviewedAt: { not: null } };
  return { reviewedAt: null, ...(status === 'open' ? running(now) : { NOT: running(now) }) };
};

@Injectable()
export class BreakGlassRepository {
  async hasPatient(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.patient.count({ where: { id, deletedAt: null } })) === 1;
  }

  /** Undefined when the user has a patient open already: of two at the same time the database lets one in. */
  async insert(tx: TenantTx, grant: NewGrant): Promise<BreakGlassRow | undefined> {
    try {
      return await tx.breakGlass.create({ data: { id: uuidv7(), ...grant }, select: columns });
    } catch (err) {
      if (constraintOf(err) === 'break_glass_one_patient') return undefined;
      throw err;
    }
  }

  /** What keeps the user from opening another patient. */
  findInTheWay(tx: TenantTx, userId: string, now: Date): Promise<{ readonly id: string } | null> {
    return tx.breakGlass.findFirst({ where: { userId, ...running(now) }, select: { id: true } });
  }

  findRunning(tx: TenantTx, key: GrantKey, now: Date): Promise<{ readonly id: string } | null> {
    return tx.breakGlass.findFirst({
      where: { ...key, openedAt: { lte: now }, ...running(now) },
      select: { id: true },
    });
  }

  find(tx: TenantTx, id: string): Promise<BreakGlassRow | null> {
    return tx.breakGlass.findUnique({ where: { id }, select: columns });
  }

  /** Newest first, from before the grant `before` on. */
  list(
    tx: TenantTx,
    {
      status,
      before,
      now,
      take,
    }: { status: BreakGlassStatus | undefined; before: string | undefined; now: Date; take: number },
  ): Promise<BreakGlassRow[]> {
    return tx.breakGlass.findMany({
      where: { ...having(status, now), ...(before === undefined ? {} : { id: { lt: before } }) },
      select: columns,
      orderBy: { id: 'desc' },
      take,
    });
  }

  /** False when it is over. */
  async close(tx: TenantTx, id: string, now: Date): Promise<boolean> {
    const { count } = await tx.breakGlass.updateMany({ where: { id, ...running(now) }, data: { closedAt: now } });
    return count === 1;
  }

  /** False when somebody reviewed it before. */
  async review(tx: TenantTx, id: string, { by, outcome, note, now }: Review): Promise<boolean> {
    const { count } = await tx.breakGlass.updateMany({
      where: { id, reviewedAt: null },
      data: { reviewedAt: now, reviewedBy: by, outcome, reviewNote: note },
    });
    return count === 1;
  }
}
