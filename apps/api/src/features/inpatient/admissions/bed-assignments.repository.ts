import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';

export interface NewBedAssignment {
  readonly bedId: string;
  readonly encounterId: string;
  readonly from: Date;
  readonly reason: string;
  readonly by: string;
}

/** Who says no is the database: guard_bed_assignment, and two exclusion constraints for what lies in the past. */
const refusals = ['bed_not_free', 'bed_assignment_bed_no_overlap', 'bed_assignment_now'];

const at = (time: Date): TenantPrisma.Sql => TenantPrisma.sql`${time.toISOString()}::timestamptz`;

@Injectable()
export class BedAssignmentsRepository {
  /** False when the bed is not free; then nothing of the transaction may stay. */
  async begin(tx: TenantTx, { bedId, encounterId, from, reason, by }: NewBedAssignment): Promise<boolean> {
    try {
      await tx.$executeRaw`
        insert into ${schemaSql(tx.hospital)}.bed_assignment (id, bed_id, encounter_id, during, reason, created_by)
        values (${uuidv7()}::uuid, ${bedId}::uuid, ${encounterId}::uuid, tstzrange(${at(from)}, null), ${reason}, ${by}::uuid)`;
      return true;
    } catch (err) {
      if (refusals.includes(constraintOf(err) ?? '')) return false;
      throw err;
    }
  }

  async end(tx: TenantTx, encounterId: string, until: Date, by: string): Promise<void> {
    await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.bed_assignment set during = tstzrange(lower(during), ${at(until)}), ended_by = ${by}::uuid
       where encounter_id = ${encounterId}::uuid and upper_inf(during)`;
  }
}
