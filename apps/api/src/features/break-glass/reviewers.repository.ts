import { Injectable } from '@nestjs/common';
import type { PublicPrisma, PublicTx } from '@hms/database';

/** Who may be asked to look at an access, never its holder. */
@Injectable()
export class ReviewersRepository {
  administrators(tx: PublicTx, hospitalId: string, holder: string): Promise<string[]> {
    const administers = {
      hospitalId,
      role: 'hospital_admin',
      acceptedAt: { not: null },
      revokedAt: null,
      disabledAt: null,
    };
    return this.#active(tx, holder, { memberships: { some: administers } });
  }

  ofPlatform(tx: PublicTx, holder: string): Promise<string[]> {
    return this.#active(tx, holder, { platformRole: 'super_admin' });
  }

  async #active(tx: PublicTx, holder: string, which: PublicPrisma.UserWhereInput): Promise<string[]> {
    const where = { ...which, id: { not: holder }, status: 'active' };
    return (await tx.user.findMany({ where, select: { id: true } })).map(({ id }) => id);
  }
}
