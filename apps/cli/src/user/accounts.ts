import { randomBytes } from 'node:crypto';
import type { HospitalId } from '@hms/database';
import { OperatorError } from '@hms/database';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import type { OperatorAudit } from '../audit/operator-audit.js';
import { hashPassword } from '../hash-password.js';
import { inTransaction } from '../in-transaction.js';
import { tell } from '../outbox/tell.js';

export interface Account {
  readonly email: string;
  /** Known only now: the database keeps its hash. Undefined when the person had an account already. */
  readonly password: string | undefined;
}

/** Makes a person hospital_admin, with a new account unless the e-mail has one. */
export function createHospitalAdmin(
  owner: pg.Client,
  audit: OperatorAudit,
  hospitalId: HospitalId,
  email: string,
): Promise<Account> {
  return inTransaction(owner, async () => {
    const { userId, password } = await ensureUser(owner, email);
    const operation = 'hms hospital create --admin-email';
    await audit.record(owner, { action: 'update', entity: 'membership', entityIds: [userId, hospitalId], operation });
    await tell(owner, 'membership.changed', hospitalId, { userId });
    await owner.query(
      `insert into public.membership (id, user_id, hospital_id, role) values ($1, $2, $3, 'hospital_admin')
       on conflict (user_id, hospital_id, role) where revoked_at is null do nothing`,
      [uuidv7(), userId, hospitalId],
    );
    return { email, password };
  });
}

/** Creates a user who may manage every hospital. */
export function createSuperAdmin(owner: pg.Client, audit: OperatorAudit, email: string): Promise<Account> {
  return inTransaction(owner, async () => {
    const { userId, password } = await ensureUser(owner, email);
    if (password === undefined) throw new OperatorError(`${email} has an account already; use another address.`);
    const operation = 'hms user create-super-admin';
    await audit.record(owner, { action: 'create', entity: 'user', entityIds: [userId], operation });
    await owner.query(`update public.app_user set platform_role = 'super_admin' where id = $1`, [userId]);
    return { email, password };
  });
}

/** What to tell the operator, once. */
export function accountLine({ email, password }: Account): string {
  if (password === undefined) return `${email} has an account already and signs in with the password it has.`;
  return `${email} signs in with the password ${password} (shown only this once).`;
}

async function ensureUser(owner: pg.Client, email: string): Promise<{ userId: string; password: string | undefined }> {
  const known = await owner.query<{ id: string }>('select id from public.app_user where email = $1', [email]);
  if (known.rows[0]) return { userId: known.rows[0].id, password: undefined };
  const userId = uuidv7();
  const password = randomBytes(15).toString('base64url');
  await owner.query('insert into public.app_user (id, email, display_name, password_hash) values ($1, $2, $3, $4)', [
    userId,
    email,
    email.replace(/@.*/, ''),
    await hashPassword(password),
  ]);
  return { userId, password };
}
