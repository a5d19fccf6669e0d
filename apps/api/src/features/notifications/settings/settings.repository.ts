import { Injectable } from '@nestjs/common';
import { TenantPrisma, type TenantTx } from '@hms/database';

const columns = {
  channels: true,
  language: true,
  quietFrom: true,
  quietUntil: true,
  perMinute: true,
  retentionDays: true,
  version: true,
} as const satisfies TenantPrisma.NotificationSettingsSelect;

export type SettingsRow = TenantPrisma.NotificationSettingsGetPayload<{ select: typeof columns }>;
export type SettingsValues = Omit<SettingsRow, 'version' | 'retentionDays'> & { readonly retentionDays?: number };

@Injectable()
export class SettingsRepository {
  get(tx: TenantTx): Promise<SettingsRow> {
    return tx.notificationSettings.findUniqueOrThrow({ where: { id: true }, select: columns });
  }

  /** Undefined when they are not of that version any more. */
  async set(tx: TenantTx, version: number, values: SettingsValues, by: string): Promise<SettingsRow | undefined> {
    const [row] = await tx.notificationSettings.updateManyAndReturn({
      where: { id: true, version },
      data: { ...values, updatedBy: by },
      select: columns,
    });
    return row;
  }
}
