import type { Hospital } from '@hms/database';
import { derivedToken } from '../platform/access/derived-token.js';
import { ApiConfig } from '../platform/config/api-config.js';
import type { TestApi } from './test-api.js';
import { asOwner } from './test-hospital.js';

/** The tokens that were mailed to an address in the name of a hospital, oldest first: nothing else tells them. */
export async function mailedInvitations(api: TestApi, hospital: Hospital, email: string): Promise<string[]> {
  const { refreshSecret } = api.application.nest.get(ApiConfig);
  const { rows } = await asOwner((owner) =>
    owner.query<{ id: string }>(
      `select i.id from public.invitation i join public.app_user u on u.id = i.user_id
        where u.email = $1 and i.hospital_id = $2 order by i.created_at, i.id`,
      [email, hospital.id],
    ),
  );
  return rows.map(({ id }) => derivedToken(refreshSecret, 'invitation', id));
}
