import { Injectable } from '@nestjs/common';
import type { TenantTx } from '@hms/database';

/** What memberships point at inside a hospital's schema, where no foreign key reaches. */
@Injectable()
export class MembershipReferencesRepository {
  async haveWards(tx: TenantTx, ids: readonly string[]): Promise<boolean> {
    return (await tx.ward.count({ where: { id: { in: [...ids] } } })) === ids.length;
  }

  async hasPatient(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.patient.count({ where: { id, deletedAt: null } })) === 1;
  }
}
