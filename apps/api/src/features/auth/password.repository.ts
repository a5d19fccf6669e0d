import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { authError } from './auth.errors.js';
import type { PasswordContext } from './password.policy.js';

const contextColumns = {
  email: true,
  displayName: true,
  memberships: { where: { revokedAt: null }, select: { hospital: { select: { name: true } } } },
} as const;

export interface PasswordReplacement {
  readonly userId: string;
  /** What the change was decided on; null: whatever it is now. */
  readonly from: string | null;
  readonly to: string;
}

@Injectable()
export class PasswordRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** @throws `auth.refresh-invalid` unless the user is active */
  async require(userId: string) {
    const user = await this.database.publicClient.user.findFirst({
      where: { id: userId, status: 'active' },
      select: { passwordHash: true, ...contextColumns },
    });
    if (!user) throw authError('auth.refresh-invalid');
    return { passwordHash: user.passwordHash, context: toContext(user) };
  }

  /** False when the password was changed meanwhile. */
  async replace(tx: PublicTx, { userId, from, to }: PasswordReplacement): Promise<boolean> {
    const where = { id: userId, status: 'active', ...(from === null ? {} : { passwordHash: from }) };
    return (await tx.user.updateMany({ where, data: { passwordHash: to } })).count === 1;
  }

  async remove(tx: PublicTx, userId: string): Promise<void> {
    await tx.user.updateMany({ where: { id: userId }, data: { passwordHash: null } });
  }
}

export const toContext = (user: {
  readonly email: string;
  readonly displayName: string;
  readonly memberships: readonly { readonly hospital: { readonly name: string } }[];
}): PasswordContext => ({
  email: user.email,
  displayName: user.displayName,
  hospitals: user.memberships.map(({ hospital }) => hospital.name),
});
