import { Injectable } from '@nestjs/common';
import { HospitalDatabase, hospitalRef } from '@hms/database';

/** A grant as somebody is told of it. */
export interface OpenedGlass {
  readonly holder: string;
  readonly hospital: string;
  readonly openedAt: Date;
  readonly expiresAt: Date;
  readonly to: {
    readonly email: string;
    readonly displayName: string;
    /** Is it an administrator of the hospital, who can review it? */
    readonly administers: boolean;
  };
}

@Injectable()
export class BreakGlassMailRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Undefined when there is no such grant in the hospital, or its reader's account was closed. */
  async find(hospitalId: string, id: string, readerId: string): Promise<OpenedGlass | undefined> {
    const { hospital, user } = this.database.publicClient;
    const at = await hospital.findUnique({ where: { id: hospitalId }, select: { id: true, slug: true, name: true } });
    if (!at) return undefined;
    const grant = await this.database.readInHospital(hospitalRef(at), (tx) =>
      tx.breakGlass.findUnique({ where: { id }, select: { userId: true, openedAt: true, expiresAt: true } }),
    );
    const reader = await user.findFirst({
      where: { id: readerId, status: 'active' },
      select: {
        email: true,
        displayName: true,
        memberships: { where: { hospitalId, role: 'hospital_admin', revokedAt: null }, select: { id: true } },
      },
    });
    if (!grant || !reader) return undefined;
    const holder = await user.findUnique({ where: { id: grant.userId }, select: { displayName: true } });
    const { openedAt, expiresAt } = grant;
    const { email, displayName, memberships } = reader;
    const to = { email, displayName, administers: memberships.length > 0 };
    return { holder: holder?.displayName ?? grant.userId, hospital: at.name, openedAt, expiresAt, to };
  }
}
