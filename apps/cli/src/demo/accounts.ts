import { hashSecret, parseGatewayKey } from '@hms/auth';
import type { FieldCipher } from '@hms/encryption';
import type pg from 'pg';
import type { Account, Login } from './account.js';
import { settleGatewayKey, settlePassword } from './credentials.js';
import { type DemoHospital } from './demo-file.js';
import { insertRows } from './insert-rows.js';
import { type HospitalPlan } from './plan.js';
import { settleSecondFactors } from './second-factors.js';
import { stableId } from './stable-id.js';

export const superAdmin = (seed: string, email: string): Account => ({
  id: stableId(`${seed}:super_admin`),
  role: 'super_admin',
  email,
  displayName: 'Demo Super Admin',
});

/**
 * Makes the accounts exist with passwords and authenticators that are known: those of `written` where they still hold, else new ones.
 * Hashing runs on all cores.
 */
export async function settleAccounts(
  owner: pg.ClientBase,
  accounts: readonly Account[],
  { written, cipher }: { written: readonly Login[]; cipher: FieldCipher },
): Promise<Login[]> {
  const { rows } = await owner.query<{ id: string; password_hash: string }>(
    'select id, password_hash from public.app_user where id = any($1) and password_hash is not null',
    [accounts.map(({ id }) => id)],
  );
  const stored = new Map(rows.map((row) => [row.id, row.password_hash]));
  const passwords = new Map(written.map(({ email, password }) => [email, password]));
  const settled = await Promise.all(
    accounts.map(async (account) => ({
      account,
      ...(await settlePassword(passwords.get(account.email), stored.get(account.id))),
    })),
  );
  await store(
    owner,
    settled.flatMap(({ account, newHash }) => (newHash === undefined ? [] : [{ account, hash: newHash }])),
  );
  const secrets = await settleSecondFactors(owner, accounts, { written, cipher });
  return settled.map(({ account: { role, email }, password }) => {
    const totpSecret = secrets.get(email);
    return { role, email, password, ...(totpSecret === undefined ? {} : { totpSecret }) };
  });
}

async function store(owner: pg.ClientBase, changed: readonly { account: Account; hash: string }[]): Promise<void> {
  const rows = changed.map(({ account: { id, role, email, displayName }, hash }) => ({
    id,
    email,
    display_name: displayName,
    password_hash: hash,
    platform_role: role === 'super_admin' ? role : null,
  }));
  await owner.query(
    `insert into public.app_user (id, email, display_name, password_hash, platform_role)
     select id, email, display_name, password_hash, platform_role
       from jsonb_populate_recordset(null::public.app_user, $1)
     on conflict (id) do update set password_hash = excluded.password_hash`,
    [JSON.stringify(rows)],
  );
}

export async function seedMemberships(owner: pg.ClientBase, plan: HospitalPlan): Promise<void> {
  await insertRows(
    owner,
    'public.membership',
    plan.users.map(({ id, role }) => ({
      id: stableId(`${id}:membership`),
      user_id: id,
      hospital_id: plan.id,
      role,
      patient_id: role === 'patient' ? plan.portalPatient.id : null,
    })),
  );
}

/** Makes the hospital's gateway exist with a key that is known: the written one where it still works, else a new one. */
export async function settleGateway(
  owner: pg.ClientBase,
  plan: HospitalPlan,
  written: DemoHospital | undefined,
): Promise<string> {
  const gateway = { id: plan.gatewayId, hospital_id: plan.id };
  await insertRows(owner, 'public.gateway', [
    { ...gateway, name: 'Demo gateway', created_by: plan.userId('hospital_admin') },
  ]);
  const { rows } = await owner.query<{ keyId: string; secretHash: Buffer }>(
    `select key_id as "keyId", secret_hash as "secretHash" from public.gateway_key
      where gateway_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    [plan.gatewayId],
  );
  const { text, isNew } = settleGatewayKey(written?.gatewayKey, rows);
  const key = isNew ? parseGatewayKey(text) : undefined;
  if (key) {
    await owner.query(
      'insert into public.gateway_key (key_id, hospital_id, gateway_id, secret_hash, created_by) values ($1, $2, $3, $4, $5)',
      [key.keyId, plan.id, plan.gatewayId, hashSecret(key.secret), plan.userId('hospital_admin')],
    );
  }
  return text;
}
