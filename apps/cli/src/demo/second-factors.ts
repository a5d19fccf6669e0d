import { needsSecondFactor } from '@hms/contracts';
import type { FieldCipher } from '@hms/encryption';
import { generateSecret } from 'otplib';
import type pg from 'pg';
import type { Account, Login } from './account.js';

/** Where the API looks for the secret of a user's authenticator. */
const secretPlace = (rowId: string) => ({ table: 'totp_factor', column: 'secret_sealed', rowId }) as const;

/**
 * Makes everybody whose role needs one have an authenticator with a known secret: the written one where it still holds,
 * else a new one.
 * @param cipher the platform's
 * @returns secrets by e-mail address
 */
export async function settleSecondFactors(
  owner: pg.ClientBase,
  accounts: readonly Account[],
  { written, cipher }: { written: readonly Login[]; cipher: FieldCipher },
): Promise<ReadonlyMap<string, string>> {
  const needing = accounts.filter(({ role }) => needsSecondFactor([role]));
  const { rows } = await owner.query<{ id: string; sealed: string }>(
    `select user_id as id, secret_sealed as sealed from public.totp_factor
      where user_id = any($1) and confirmed_at is not null`,
    [needing.map(({ id }) => id)],
  );
  const stored = new Map(rows.map(({ id, sealed }) => [id, sealed]));
  const known = new Map(written.map(({ email, totpSecret }) => [email, totpSecret]));
  const secrets = new Map<string, string>();
  for (const { id, email } of needing) {
    const before = known.get(email);
    const secret = before ?? generateSecret({ length: 20 });
    secrets.set(email, secret);
    if (before === undefined || opened(cipher, id, stored.get(id)) !== before) await store(owner, cipher, id, secret);
  }
  return secrets;
}

function opened(cipher: FieldCipher, userId: string, sealed: string | undefined): string | undefined {
  try {
    return sealed === undefined ? undefined : cipher.open(secretPlace(userId), sealed);
  } catch {
    return undefined;
  }
}

async function store(owner: pg.ClientBase, cipher: FieldCipher, userId: string, secret: string): Promise<void> {
  await owner.query(
    `insert into public.totp_factor (user_id, secret_sealed, confirmed_at) values ($1, $2, now())
     on conflict (user_id) do update
        set secret_sealed = excluded.secret_sealed, confirmed_at = now(), last_step = 0`,
    [userId, cipher.seal(secretPlace(userId), secret)],
  );
}
