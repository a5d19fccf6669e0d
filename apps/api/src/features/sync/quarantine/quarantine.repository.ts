import { Injectable } from '@nestjs/common';
import type { TenantPrisma, TenantTx } from '@hms/database';

const columns = {
  id: true,
  opId: true,
  deviceId: true,
  userId: true,
  seq: true,
  entity: true,
  rowId: true,
  patientId: true,
  code: true,
  reason: true,
  createdAt: true,
  outcome: true,
  outcomeNote: true,
  reviewedAt: true,
  reviewedBy: true,
} as const satisfies TenantPrisma.SyncQuarantineSelect;

/** Without the change itself, which may be large. */
export type QuarantineRow = TenantPrisma.SyncQuarantineGetPayload<{ select: typeof columns }>;
export type QuarantineDetailRow = QuarantineRow & { readonly op: unknown };

export interface QuarantineFilter {
  readonly state: 'open' | 'reviewed';
  readonly userId: string | undefined;
  readonly code: string | undefined;
}

export interface QuarantineReview {
  readonly by: string;
  readonly outcome: string;
  readonly note: string;
  readonly now: Date;
}

@Injectable()
export class QuarantineRepository {
  /** Newest first. */
  list(
    tx: TenantTx,
    { state, userId, code }: QuarantineFilter,
    before: string | undefined,
    take: number,
  ): Promise<QuarantineRow[]> {
    const where = {
      outcome: state === 'open' ? null : { not: null },
      ...(userId === undefined ? {} : { userId }),
      ...(code === undefined ? {} : { code }),
      ...(before === undefined ? {} : { id: { lt: before } }),
    };
    return tx.syncQuarantine.findMany({ where, select: columns, orderBy: { id: 'desc' }, take });
  }

  find(tx: TenantTx, id: string): Promise<QuarantineDetailRow | null> {
    return tx.syncQuarantine.findUnique({ where: { id }, select: { ...columns, op: true } });
  }

  /** Undefined when somebody reviewed it before. */
  async review(
    tx: TenantTx,
    id: string,
    { by, outcome, note, now }: QuarantineReview,
  ): Promise<QuarantineRow | undefined> {
    const [reviewed] = await tx.syncQuarantine.updateManyAndReturn({
      where: { id, outcome: null },
      data: { outcome, outcomeNote: note, reviewedAt: now, reviewedBy: by },
      select: columns,
    });
    return reviewed;
  }
}
