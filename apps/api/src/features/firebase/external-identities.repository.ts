import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';

export interface ExternalIdentity {
  readonly issuer: string;
  readonly subject: string;
}

export interface NewPatientAccount {
  readonly email: string;
  readonly displayName: string;
  readonly hospitalId: string;
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

  /** Makes an account that is a patient of one hospital. Undefined when the e-mail was taken meanwhile. */
  async createPatientAccount(tx: PublicTx, account: NewPatientAccount): Promise<string | undefined> {
    const { email, displayName, hospitalId } = account;
    const id = uuidv7();
    const { count } = await tx.user.createMany({ data: [{ id, email, displayName }], skipDuplicates: true });
    if (count === 0) return undefined;
    await tx.membership.create({
      data: { id: uuidv7(), userId: id, hospitalId, role: 'patient', patientId: uuidv7(), createdBy: id },
    });
    return id;
  }

  /** A person who was invited as a patient and is known to own the address has accepted. Resolves to the hospitals. */
  async acceptPatientInvitations(tx: PublicTx, userId: string, now: Date): Promise<string[]> {
    const accepted = await tx.membership.updateManyAndReturn({
      where: { userId, role: 'patient', acceptedAt: null, revokedAt: null },
      data: { acceptedAt: now },
      select: { hospitalId: true },
    });
    await tx.invitation.updateMany({ where: { userId, acceptedAt: null }, data: { acceptedAt: now } });
    await tx.user.updateMany({ where: { id: userId, status: 'invited' }, data: { status: 'active' } });
    return accepted.map(({ hospitalId }) => hospitalId);
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
