import { Injectable } from '@nestjs/common';
import { constraintOf, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { schedulingError } from '../scheduling.errors.js';

const columns = {
  id: true,
  name: true,
  durationMin: true,
  bufferBeforeMin: true,
  bufferAfterMin: true,
  active: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies TenantPrisma.ServiceTypeSelect;

export type ServiceRow = TenantPrisma.ServiceTypeGetPayload<{ select: typeof columns }>;

@Injectable()
export class ServicesRepository {
  /** By name. */
  list(tx: TenantTx, after: string | undefined, take: number): Promise<ServiceRow[]> {
    const where = after === undefined ? {} : { name: { gt: after } };
    return tx.serviceType.findMany({ where, select: columns, orderBy: { name: 'asc' }, take });
  }

  find(tx: TenantTx, id: string): Promise<ServiceRow | null> {
    return tx.serviceType.findUnique({ where: { id }, select: columns });
  }

  countActive(tx: TenantTx, ids: readonly string[]): Promise<number> {
    return tx.serviceType.count({ where: { id: { in: [...ids] }, active: true } });
  }

  /** @throws `service.name-taken` */
  insert(tx: TenantTx, service: Omit<TenantPrisma.ServiceTypeUncheckedCreateInput, 'id'>): Promise<ServiceRow> {
    return tx.serviceType.create({ data: { id: uuidv7(), ...service }, select: columns }).catch(translate);
  }

  /** Undefined when it is not of that version any more. @throws `service.name-taken` */
  async update(
    tx: TenantTx,
    id: string,
    version: number,
    data: TenantPrisma.ServiceTypeUncheckedUpdateManyInput,
  ): Promise<ServiceRow | undefined> {
    const [service] = await tx.serviceType
      .updateManyAndReturn({ where: { id, version }, data, select: columns })
      .catch(translate);
    return service;
  }
}

function translate(err: unknown): never {
  if (constraintOf(err) === 'service_type_name_key') throw schedulingError('service.name-taken', { cause: err });
  throw err;
}
