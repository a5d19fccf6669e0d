import { Injectable } from '@nestjs/common';
import { TenantPrisma, type TenantTx } from '@hms/database';

const columns = {
  needsDiagnosis: true,
  needsSignedNotes: true,
  version: true,
} as const satisfies TenantPrisma.EncounterSettingSelect;

export type EncounterSettingsRow = TenantPrisma.EncounterSettingGetPayload<{ select: typeof columns }>;

@Injectable()
export class EncounterSettingsRepository {
  get(tx: TenantTx): Promise<EncounterSettingsRow> {
    return tx.encounterSetting.findUniqueOrThrow({ where: { one: true }, select: columns });
  }

  /** Undefined when they are not of that version any more. */
  async update(
    tx: TenantTx,
    version: number,
    data: TenantPrisma.EncounterSettingUncheckedUpdateManyInput,
  ): Promise<EncounterSettingsRow | undefined> {
    const where = { one: true, version };
    const [settings] = await tx.encounterSetting.updateManyAndReturn({ where, data, select: columns });
    return settings;
  }
}
