import { Injectable } from '@nestjs/common';
import { HospitalDatabase, hospitalRef } from '@hms/database';

/** A grant as administrators are told of it. */
export interface OpenedGlass {
  readonly holder: string;
  readonly hospital: string;
  readonly openedAt: Date;
  readonly expiresAt: Date;
  /** Active ones, without the holder. */
  readonly administrators: readonly { readonly id: string; readonly email: string; readonly displayName: string }[];
}

@Injectable()
export class BreakGlassMailRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Undefined when there is no such grant in the hospital. */
  async find(hospitalId: string, id: string): Promise<OpenedGlass | undefined> {
    const { hospital, user } = this.database.publicClient;
    const at = await hospital.findUnique({ where: { id: hospitalId }, select: { id: true, slug: true, name: true } });
    if (!at) return undefined;
    const grant = await this.database.readInHospital(hospitalRef(at), (tx) =>
      tx.breakGlass.findUnique({ where: { id }, select: { userId: true, openedAt: true, expiresAt: true } }),
    );
    if (!grant) return undefined;
    const holder = await user.findUnique({ where: { id: grant.userId }, select: { displayName: true } });
    const administrators = await user.findMany({
      where: {
        id: { not: grant.userId },
        status: 'active',
        memberships: {
          some: { hospitalId, role: 'hospital_admin', acceptedAt: { not: null }, revokedAt: null, disabledAt: null },
        },
      },
      select: { id: true, email: true, displayName: true },
    });
    const { openedAt, expiresAt } = grant;
    return { holder: holder?.displayName ?? grant.userId, hospital: at.name, openedAt, expiresAt, administrators };
  }
}
