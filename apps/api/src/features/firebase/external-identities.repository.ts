import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';

export interface ExternalIdentity {
  readonly issuer: string;
  readonly subject: string;
}

@Injectable()
export class ExternalIdentitiesRepository {
  constructor(private readonly database: HospitalDatabase) {}

  async findUserId({ issuer, subject }: ExternalIdentity): Promise<string | undefined> {
    const found = await this.database.publicClient.externalIdentity.findUnique({
      where: { issuer_subject: { issuer, subject } },
      select: { userId: true },
    });
    return found?.userId;
  }

  async findActiveHospitalId(slug: string): Promise<string | undefined> {
    const found = await this.database.publicClient.hospital.findFirst({
      where: { slug, status: 'active' },
      select: { id: true },
    });
    return found?.id;
  }

  /** The account of an e-mail, with every role that was not taken from it; locked until the transaction ends. */
  async lockAccount(tx: PublicTx, email: string) {
    await tx.$queryRaw`select from public.app_user where email = ${email}::citext for update`;
    return tx.user.findUnique({
      where: { email },
      select: {
        id: true,
        status: true,
        platformRole: true,
        memberships: { where: { revokedAt: null }, select: { role: true } },
      },
    });
  }

  /** Undefined when the e-mail was taken meanwhile. */
  async createAccount(tx: PublicTx, email: string, displayName: string): Promise<string | undefined> {
    const id = uuidv7();
    const { count } = await tx.user.createMany({ data: [{ id, email, displayName }], skipDuplicates: true });
    return count === 1 ? id : undefined;
  }

  /** The address of the account is known to be its holder's. */
  async activate(tx: PublicTx, userId: string): Promise<void> {
    await tx.user.updateMany({ where: { id: userId, status: 'invited' }, data: { status: 'active' } });
  }

  /** Is the user a patient anywhere, even if shut out there? An invitation alone makes nobody one. */
  async isPatient(tx: PublicTx, userId: string): Promise<boolean> {
    const where = { userId, role: 'patient', acceptedAt: { not: null }, revokedAt: null };
    return (await tx.membership.count({ where })) > 0;
  }

  /** Makes the user a patient with a record of their own, in the place of an invitation that nobody may accept any more. */
  async addPatient(tx: PublicTx, userId: string, hospitalId: string, now: Date): Promise<void> {
    await tx.membership.updateMany({
      where: { userId, hospitalId, role: 'patient', acceptedAt: null, revokedAt: null },
      data: { revokedAt: now },
    });
    await tx.membership.create({
      data: { id: uuidv7(), userId, hospitalId, role: 'patient', patientId: uuidv7(), createdBy: userId },
    });
  }

  /** The first link of an identity stays; false when this is not it. */
  async link(tx: PublicTx, { issuer, subject }: ExternalIdentity, userId: string): Promise<boolean> {
    const link = { data: [{ issuer, subject, userId }], skipDuplicates: true };
    return (await tx.externalIdentity.createMany(link)).count === 1;
  }

  /** Where the user is a patient, and as which record. */
  findPatientMemberships(userId: string) {
    return this.database.publicClient.membership.findMany({
      where: { userId, role: 'patient', revokedAt: null, disabledAt: null },
      select: { hospitalId: true, patientId: true },
    });
  }
}
