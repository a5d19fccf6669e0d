import { Injectable } from '@nestjs/common';
import { commonError } from '@hms/contracts';
import { constraintOf, TenantPrisma, type TenantTx } from '@hms/database';
import type { OutsideChannel } from '../notification.terms.js';

const columns = {
  channels: true,
  language: true,
  quietFrom: true,
  quietUntil: true,
  timezone: true,
  phone: true,
} as const satisfies TenantPrisma.NotificationPreferenceSelect;

export type PreferenceRow = TenantPrisma.NotificationPreferenceGetPayload<{ select: typeof columns }>;

export interface PreferenceValues {
  readonly channels: readonly OutsideChannel[];
  readonly language: string | null;
  readonly quietFrom: string | null;
  readonly quietUntil: string | null;
  readonly timezone: string | null;
  readonly phone: string | null;
}

@Injectable()
export class PreferencesRepository {
  find(tx: TenantTx, userId: string): Promise<PreferenceRow | null> {
    return tx.notificationPreference.findUnique({ where: { userId }, select: columns });
  }

  /** @throws `request.invalid` for an unknown time zone */
  set(tx: TenantTx, userId: string, { channels, ...values }: PreferenceValues): Promise<PreferenceRow> {
    const data = { ...values, channels: [...channels] };
    return tx.notificationPreference
      .upsert({ where: { userId }, create: { userId, ...data }, update: data, select: columns })
      .catch((err: unknown) => {
        if (constraintOf(err) !== 'notification_preference_timezone') throw err;
        const message = 'timezone must be an IANA zone such as Africa/Nairobi';
        throw commonError('request.invalid', {
          errors: [{ field: 'timezone', code: 'timezone', message }],
          cause: err,
        });
      });
  }
}
