import { Injectable } from '@nestjs/common';
import { TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import type { Audience } from './rules.dto.js';

const ruleColumns = {
  id: true,
  resourceId: true,
  siteId: true,
  serviceIds: true,
  weekday: true,
  localStart: true,
  localEnd: true,
  slotMin: true,
  capacity: true,
  validFrom: true,
  validUntil: true,
  bookableBy: true,
  minNoticeMin: true,
  horizonDays: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies TenantPrisma.ScheduleRuleSelect;

export type RuleRow = TenantPrisma.ScheduleRuleGetPayload<{ select: typeof ruleColumns }>;

const exceptionColumns = {
  id: true,
  resourceId: true,
  siteId: true,
  kind: true,
  firstDay: true,
  lastDay: true,
  localStart: true,
  localEnd: true,
  serviceIds: true,
  slotMin: true,
  capacity: true,
  reason: true,
  version: true,
  createdAt: true,
} as const satisfies TenantPrisma.ScheduleExceptionSelect;

export type ExceptionRow = TenantPrisma.ScheduleExceptionGetPayload<{ select: typeof exceptionColumns }>;

/** What a resource's week looks like, and what differs from it. Lists are in the order they were made. */
@Injectable()
export class RulesRepository {
  list(
    tx: TenantTx,
    { resourceId, bookableBy }: { readonly resourceId: string; readonly bookableBy: Audience | undefined },
    after: string | undefined,
    take: number,
  ): Promise<RuleRow[]> {
    const where = {
      resourceId,
      ...(bookableBy === undefined ? {} : { bookableBy }),
      ...(after === undefined ? {} : { id: { gt: after } }),
    };
    return tx.scheduleRule.findMany({ where, select: ruleColumns, orderBy: { id: 'asc' }, take });
  }

  find(tx: TenantTx, resourceId: string, id: string): Promise<RuleRow | null> {
    return tx.scheduleRule.findFirst({ where: { id, resourceId }, select: ruleColumns });
  }

  insert(tx: TenantTx, rule: Omit<TenantPrisma.ScheduleRuleUncheckedCreateInput, 'id'>): Promise<RuleRow> {
    return tx.scheduleRule.create({ data: { id: uuidv7(), ...rule }, select: ruleColumns });
  }

  /** Undefined when it is not of that version any more. */
  async update(
    tx: TenantTx,
    id: string,
    version: number,
    data: TenantPrisma.ScheduleRuleUncheckedUpdateManyInput,
  ): Promise<RuleRow | undefined> {
    const where = { id, version };
    const [rule] = await tx.scheduleRule.updateManyAndReturn({ where, data, select: ruleColumns });
    return rule;
  }

  /** False when it is not of that version any more. */
  async delete(tx: TenantTx, id: string, version: number): Promise<boolean> {
    return (await tx.scheduleRule.deleteMany({ where: { id, version } })).count === 1;
  }

  listExceptions(
    tx: TenantTx,
    { resourceId, from }: { readonly resourceId: string; readonly from: Date | undefined },
    after: string | undefined,
    take: number,
  ): Promise<ExceptionRow[]> {
    const where = {
      resourceId,
      ...(from === undefined ? {} : { lastDay: { gte: from } }),
      ...(after === undefined ? {} : { id: { gt: after } }),
    };
    return tx.scheduleException.findMany({ where, select: exceptionColumns, orderBy: { id: 'asc' }, take });
  }

  findException(tx: TenantTx, resourceId: string, id: string): Promise<ExceptionRow | null> {
    return tx.scheduleException.findFirst({ where: { id, resourceId }, select: exceptionColumns });
  }

  insertException(
    tx: TenantTx,
    exception: Omit<TenantPrisma.ScheduleExceptionUncheckedCreateInput, 'id'>,
  ): Promise<ExceptionRow> {
    return tx.scheduleException.create({ data: { id: uuidv7(), ...exception }, select: exceptionColumns });
  }

  /** False when it is not of that version any more. */
  async deleteException(tx: TenantTx, id: string, version: number): Promise<boolean> {
    return (await tx.scheduleException.deleteMany({ where: { id, version } })).count === 1;
  }
}
