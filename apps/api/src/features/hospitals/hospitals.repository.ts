import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { constraintOf, HospitalDatabase, type HospitalStatus, type PublicPrisma, type PublicTx } from '@hms/database';
import { likeLiteral } from '../../platform/http/like.js';
import type { Present } from '../../platform/http/patch.js';

const columns = {
  id: true,
  slug: true,
  name: true,
  country: true,
  currency: true,
  timezone: true,
  status: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies PublicPrisma.HospitalSelect;

export type HospitalRow = PublicPrisma.HospitalGetPayload<{ select: typeof columns }>;

export interface HospitalFilter {
  readonly status?: HospitalStatus;
  /** Part of the name or slug. */
  readonly q?: string;
}

export interface HospitalPosition {
  readonly name: string;
  readonly id: string;
}

export interface HospitalColumns {
  readonly name: string;
  readonly timezone: string;
}

@Injectable()
export class HospitalsRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** By name and id, from after `position` on. */
  list(filter: HospitalFilter, position: HospitalPosition | undefined, take: number): Promise<HospitalRow[]> {
    const after: PublicPrisma.HospitalWhereInput[] = position
      ? [{ OR: [{ name: { gt: position.name } }, { name: position.name, id: { gt: position.id } }] }]
      : [];
    return this.database.publicClient.hospital.findMany({
      where: { AND: [matching(filter), ...after] },
      select: columns,
      orderBy: [{ name: 'asc' }, { id: 'asc' }],
      take,
    });
  }

  count(filter: HospitalFilter): Promise<number> {
    return this.database.publicClient.hospital.count({ where: matching(filter) });
  }

  find(tx: PublicTx, id: string): Promise<HospitalRow | null> {
    return tx.hospital.findUnique({ where: { id }, select: columns });
  }

  /** Undefined when the hospital is no longer at that version. @throws `request.invalid` for an unknown time zone */
  async update(
    tx: PublicTx,
    id: string,
    version: number,
    values: Present<HospitalColumns>,
  ): Promise<HospitalRow | undefined> {
    const [changed] = await tx.hospital
      .updateManyAndReturn({ where: { id, version }, data: values, select: columns })
      .catch((err: unknown) => {
        if (constraintOf(err) !== 'hospital_timezone_check') throw err;
        const message = 'timezone must be an IANA zone such as Africa/Nairobi';
        throw commonError('request.invalid', {
          errors: [{ field: 'timezone', code: 'timezone', message }],
          cause: err,
        });
      });
    return changed;
  }

  /** Undefined when the hospital does not stand at `from` any more. */
  async setStatus(
    tx: PublicTx,
    id: string,
    from: HospitalStatus,
    to: HospitalStatus,
  ): Promise<HospitalRow | undefined> {
    const [changed] = await tx.hospital.updateManyAndReturn({
      where: { id, status: from },
      data: { status: to },
      select: columns,
    });
    return changed;
  }
}

function matching({ status, q }: HospitalFilter): PublicPrisma.HospitalWhereInput {
  const part = q === undefined ? undefined : ({ contains: likeLiteral(q), mode: 'insensitive' } as const);
  return {
    ...(status === undefined ? {} : { status }),
    ...(part === undefined ? {} : { OR: [{ name: part }, { slug: part }] }),
  };
}
