import { Injectable } from '@nestjs/common';
import { constraintOf, schemaSql, TenantPrisma, type TenantTx } from '@hms/database';
import { schedulingError } from '../scheduling.errors.js';

const columns = {
  patientOverlap: true,
  holdMinutes: true,
  offerMinutes: true,
  noShowGraceMinutes: true,
  version: true,
} as const satisfies TenantPrisma.SchedulingSettingSelect;

export type SettingsRow = TenantPrisma.SchedulingSettingGetPayload<{ select: typeof columns }>;

@Injectable()
export class SettingsRepository {
  get(tx: TenantTx): Promise<SettingsRow> {
    return tx.schedulingSetting.findUniqueOrThrow({ where: { one: true }, select: columns });
  }

  /** Undefined when they are not of that version any more. */
  async update(
    tx: TenantTx,
    version: number,
    data: TenantPrisma.SchedulingSettingUncheckedUpdateManyInput,
  ): Promise<SettingsRow | undefined> {
    const where = { one: true, version };
    const [settings] = await tx.schedulingSetting.updateManyAndReturn({ where, data, select: columns });
    return settings;
  }

  /**
   * Whether appointments that are booked keep their patients from others at the same time.
   * @throws `scheduling-settings.patients-overlap` when some overlap already
   */
  async setExclusive(tx: TenantTx, exclusive: boolean): Promise<void> {
    await tx.$executeRaw`
      update ${schemaSql(tx.hospital)}.appointment set patient_exclusive = ${exclusive}
       where blocks and patient_exclusive <> ${exclusive}`.catch((err: unknown) => {
      if (constraintOf(err) !== 'appointment_patient_no_overlap') throw err;
      throw schedulingError('scheduling-settings.patients-overlap', { cause: err });
    });
  }
}
