import { Injectable } from '@nestjs/common';
import { HospitalDatabase, hospitalRef } from '@hms/database';

/** A grant as somebody is told of it. */
export interface OpenedGlass {
  readonly holder: { readonly id: string; readonly displayName: string };
  readonly hospital: string;
  readonly openedAt: Date;
  readonly expiresAt: Date;
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
    const { userId, openedAt, expiresAt } = grant;
    const holder = await user.findUnique({ where: { id: userId }, select: { displayName: true } });
    const displayName = holder?.displayName ?? userId;
    return { holder: { id: userId, displayName }, hospital: at.name, openedAt, expiresAt };
  }
}
