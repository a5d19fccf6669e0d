import { Injectable } from '@nestjs/common';
import type { PublicPrisma, PublicTx } from '@hms/database';

/** Somebody who may be asked to look at an access. */
export interface Reviewer {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  /** Is it an administrator of the hospital, who can review it? */
  readonly administers: boolean;
}

@Injectable()
export class ReviewersRepository {
  /** The administrators of the hospital, where there are none those of the platform; never the holder of the access. */
  async find(tx: PublicTx, hospitalId: string, holder: string): Promise<Reviewer[]> {
    const administers = {
      hospitalId,
      role: 'hospital_admin',
      acceptedAt: { not: null },
      revokedAt: null,
      disabledAt: null,
    };
    const administrators = await this.#active(tx, holder, { memberships: { some: administers } });
    if (administrators.length > 0) return administrators.map((user) => ({ ...user, administers: true }));
    const ofPlatform = await this.#active(tx, holder, { platformRole: 'super_admin' });
    return ofPlatform.map((user) => ({ ...user, administers: false }));
  }

  #active(tx: PublicTx, holder: string, which: PublicPrisma.UserWhereInput) {
    const where = { ...which, id: { not: holder }, status: 'active' };
    return tx.user.findMany({ where, select: { id: true, email: true, displayName: true } });
  }
}
