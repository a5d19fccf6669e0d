import { Injectable } from '@nestjs/common';
import { constraintOf, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { schedulingError } from '../scheduling.errors.js';

const columns = {
  id: true,
  name: true,
  tz: true,
  address: true,
  active: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies TenantPrisma.SiteSelect;

export type SiteRow = TenantPrisma.SiteGetPayload<{ select: typeof columns }>;

@Injectable()
export class SitesRepository {
  /** By name. */
  list(tx: TenantTx, after: string | undefined, take: number): Promise<SiteRow[]> {
    const where = after === undefined ? {} : { name: { gt: after } };
    return tx.site.findMany({ where, select: columns, orderBy: { name: 'asc' }, take });
  }

  find(tx: TenantTx, id: string): Promise<SiteRow | null> {
    return tx.site.findUnique({ where: { id }, select: columns });
  }

  /** @throws `site.name-taken` */
  insert(tx: TenantTx, site: Omit<TenantPrisma.SiteUncheckedCreateInput, 'id'>): Promise<SiteRow> {
    return tx.site.create({ data: { id: uuidv7(), ...site }, select: columns }).catch(translate);
  }

  /** Undefined when it is not of that version any more. @throws `site.name-taken` */
  async update(
    tx: TenantTx,
    id: string,
    version: number,
    data: TenantPrisma.SiteUncheckedUpdateManyInput,
  ): Promise<SiteRow | undefined> {
    const [site] = await tx.site
      .updateManyAndReturn({ where: { id, version }, data, select: columns })
      .catch(translate);
    return site;
  }
}

function translate(err: unknown): never {
  if (constraintOf(err) === 'site_name_key') throw schedulingError('site.name-taken', { cause: err });
  throw err;
}
