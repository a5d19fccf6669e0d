import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { schedulingError } from '../scheduling.errors.js';

const columns = {
  id: true,
  kind: true,
  name: true,
  siteId: true,
  userId: true,
  capacity: true,
  active: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies TenantPrisma.ResourceSelect;

export type ResourceRow = TenantPrisma.ResourceGetPayload<{ select: typeof columns }>;

export interface ResourceFilter {
  readonly kind?: string | undefined;
  readonly siteId?: string | undefined;
  readonly active?: boolean | undefined;
}

export interface ResourceKey {
  readonly name: string;
  readonly id: string;
}

@Injectable()
export class ResourcesRepository {
  /** By name and id. */
  list(
    tx: TenantTx,
    { kind, siteId, active }: ResourceFilter,
    after: ResourceKey | undefined,
    take: number,
  ): Promise<ResourceRow[]> {
    const matching = {
      ...(kind === undefined ? {} : { kind }),
      ...(siteId === undefined ? {} : { siteId }),
      ...(active === undefined ? {} : { active }),
    };
    const later = after && { OR: [{ name: { gt: after.name } }, { name: after.name, id: { gt: after.id } }] };
    const where = later ? { AND: [matching, later] } : matching;
    return tx.resource.findMany({ where, select: columns, orderBy: [{ name: 'asc' }, { id: 'asc' }], take });
  }

  find(tx: TenantTx, id: string): Promise<ResourceRow | null> {
    return tx.resource.findUnique({ where: { id }, select: columns });
  }

  /** The provider in use that has this name, in whatever case; undefined when none or several have. */
  async findProviderNamed(tx: TenantTx, name: string): Promise<{ readonly id: string } | undefined> {
    const named = await tx.$queryRaw<{ id: string }[]>`
      select id from ${schemaSql(tx.hospital)}.resource
       where kind = 'provider' and active and lower(name) = lower(${name}) limit 2`;
    return named.length === 1 ? named[0] : undefined;
  }

  /** @throws `resource.user-taken` */
  insert(tx: TenantTx, resource: Omit<TenantPrisma.ResourceUncheckedCreateInput, 'id'>): Promise<ResourceRow> {
    return tx.resource.create({ data: { id: uuidv7(), ...resource }, select: columns }).catch(translate);
  }

  /** Undefined when it is not of that version any more. @throws `resource.user-taken` */
  async update(
    tx: TenantTx,
    id: string,
    version: number,
    data: TenantPrisma.ResourceUncheckedUpdateManyInput,
  ): Promise<ResourceRow | undefined> {
    const where = { id, version };
    const [resource] = await tx.resource.updateManyAndReturn({ where, data, select: columns }).catch(translate);
    return resource;
  }
}

function translate(err: unknown): never {
  if (constraintOf(err) === 'resource_user_id_key') throw schedulingError('resource.user-taken', { cause: err });
  throw err;
}
