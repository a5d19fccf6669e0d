import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { ExternalIdentitiesRepository } from './external-identities.repository.js';
import { firebaseError } from './firebase.errors.js';
import type { FirebaseIdentity } from './firebase-token.js';
import { personName } from './person-name.js';

interface Newcomer {
  readonly email: string;
  readonly name?: string;
  readonly slug: string | undefined;
  readonly hospitalId: string | undefined;
}

/** Which account an identity belongs to, decided once: at its first sign-in. */
@Injectable()
export class PatientAccounts {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly identities: ExternalIdentitiesRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Links the identity to the account of its verified e-mail, which is made if there is none. Resolves to the user.
   * @throws `firebase.email-unverified`, `firebase.account-disabled`, `firebase.staff-account`,
   * `firebase.hospital-required` or `firebase.hospital-unknown`
   */
  async link(identity: FirebaseIdentity, slug: string | undefined, origin: RequestOrigin): Promise<string> {
    const { verifiedEmail: email } = identity;
    if (email === undefined) throw firebaseError('firebase.email-unverified');
    const hospitalId = slug === undefined ? undefined : await this.identities.findActiveHospitalId(slug);
    await this.database.inPublic(async (tx) => {
      const newcomer = { ...identity, email, slug, hospitalId };
      const userId = (await this.#linkable(tx, email)) ?? (await this.#create(tx, newcomer, origin));
      await this.#accept(tx, userId, origin);
      const linked = await this.identities.link(tx, identity, userId);
      const entry = { action: 'create', entity: 'external-identity', entityIds: [userId] } as const;
      if (linked) await this.audit.append(tx, entry, { userId }, origin);
    });
    this.outbox.wakeRelay();
    const linked = await this.identities.findUserId(identity);
    if (linked === undefined) throw new Error('an identity vanished after it was linked');
    return linked;
  }

  /** The account of that e-mail, if this identity may be linked to it. */
  async #linkable(tx: PublicTx, email: string): Promise<string | undefined> {
    const account = await this.identities.lockAccount(tx, email);
    if (!account) return undefined;
    if (account.status === 'disabled') throw firebaseError('firebase.account-disabled');
    const isStaff = account.platformRole !== null || account.memberships.some(({ role }) => role !== 'patient');
    if (isStaff) throw firebaseError('firebase.staff-account');
    return account.id;
  }

  async #create(tx: PublicTx, { email, name, slug, hospitalId }: Newcomer, origin: RequestOrigin): Promise<string> {
    if (slug === undefined) throw firebaseError('firebase.hospital-required');
    if (hospitalId === undefined) throw firebaseError('firebase.hospital-unknown');
    const { givenName, familyName } = personName(name, email);
    const displayName = givenName === familyName ? familyName : `${givenName} ${familyName}`.slice(0, 200);
    const created = await this.identities.createPatientAccount(tx, { email, displayName, hospitalId });
    if (created !== undefined) {
      await this.#joined(tx, { userId: created, hospitalId, action: 'create' }, origin);
      return created;
    }
    // Somebody else made it meanwhile: what they made decides.
    const account = await this.#linkable(tx, email);
    if (account === undefined) throw new Error('an account vanished inside the transaction that found it');
    return account;
  }

  async #accept(tx: PublicTx, userId: string, origin: RequestOrigin): Promise<void> {
    for (const hospitalId of await this.identities.acceptPatientInvitations(tx, userId, new Date())) {
      await this.#joined(tx, { userId, hospitalId, action: 'update' }, origin);
    }
  }

  async #joined(
    tx: PublicTx,
    { userId, hospitalId, action }: { userId: string; hospitalId: string; action: 'create' | 'update' },
    origin: RequestOrigin,
  ): Promise<void> {
    await this.outbox.add(tx, { type: 'membership.accepted', payload: { userId }, hospitalId, actorId: userId });
    const entry = { action, entity: 'membership', entityIds: [userId] } as const;
    await this.audit.append(tx, entry, { hospitalId, userId }, origin);
  }
}
