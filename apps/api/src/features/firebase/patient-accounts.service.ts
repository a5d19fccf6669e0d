import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { authError } from '../auth/auth.errors.js';
import { CredentialRemoval } from '../auth/credential-removal.service.js';
import { InvitationAcceptanceRepository } from '../auth/invitation-acceptance.repository.js';
import { InvitationAcceptance } from '../auth/invitation-acceptance.service.js';
import { ExternalIdentitiesRepository } from './external-identities.repository.js';
import { firebaseError } from './firebase.errors.js';
import type { FirebaseIdentity } from './firebase-token.js';
import { personName } from './person-name.js';

interface Newcomer {
  readonly email: string;
  readonly name?: string;
}

/** Where a first sign-in leads. */
interface Destination {
  readonly slug: string | undefined;
  readonly hospitalId: string | undefined;
}

interface Moment {
  readonly now: Date;
  readonly origin: RequestOrigin;
}

/** Which account an identity belongs to, decided once: at its first sign-in. */
@Injectable()
export class PatientAccounts {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly identities: ExternalIdentitiesRepository,
    private readonly credentials: CredentialRemoval,
    private readonly open: InvitationAcceptanceRepository,
    private readonly invitations: InvitationAcceptance,
    private readonly sessions: SessionRegistry,
    private readonly outbox: Outbox,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Links the identity to the account of its verified e-mail, which is made if there is none. The password of an account
   * that is there goes, with its sessions: who set it up was never known to own the address. A second factor stays.
   * Resolves to the user.
   * @throws `firebase.email-unverified`, `firebase.account-disabled`, `firebase.staff-account`,
   * `firebase.hospital-required`, `firebase.hospital-unknown` or `auth.sign-in-outdated`
   */
  async link(identity: FirebaseIdentity, slug: string | undefined, origin: RequestOrigin): Promise<string> {
    const { verifiedEmail: email } = identity;
    if (email === undefined) throw firebaseError('firebase.email-unverified');
    const hospitalId = slug === undefined ? undefined : await this.identities.findActiveHospitalId(slug);
    const now = new Date();
    const ended = await this.database.inPublic(async (tx) => {
      const { userId, isNew } = await this.#accountOf(tx, { ...identity, email });
      const linked = await this.identities.link(tx, identity, userId);
      const sessions = linked && !isNew ? await this.#cleanse(tx, userId, now) : [];
      await this.identities.activate(tx, userId);
      await this.#acceptInvitations(tx, userId, { now, origin });
      if (!(await this.identities.isPatient(tx, userId)))
        await this.#register(tx, userId, { slug, hospitalId }, { now, origin });
      const entry = { action: 'create', entity: 'external-identity', entityIds: [userId] } as const;
      if (linked) await this.audit.append(tx, entry, { userId }, origin);
      return sessions;
    });
    this.outbox.wakeRelay();
    for (const session of ended) this.sessions.forget(session);
    const linked = await this.identities.findUserId(identity);
    if (linked === undefined) throw new Error('an identity vanished after it was linked');
    return linked;
  }

  async #accountOf(tx: PublicTx, { email, name }: Newcomer): Promise<{ userId: string; isNew: boolean }> {
    const present = await this.#linkable(tx, email);
    if (present !== undefined) return { userId: present, isNew: false };
    const { givenName, familyName } = personName(name, email);
    const displayName = givenName === familyName ? familyName : `${givenName} ${familyName}`.slice(0, 200);
    const created = await this.identities.createAccount(tx, email, displayName);
    if (created !== undefined) return { userId: created, isNew: true };
    // Somebody else made it meanwhile: what they made decides.
    const made = await this.#linkable(tx, email);
    if (made === undefined) throw new Error('an account vanished inside the transaction that found it');
    return { userId: made, isNew: false };
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

  /** The user is told by mail. */
  async #cleanse(tx: PublicTx, userId: string, now: Date): Promise<string[]> {
    const event = { type: 'identity.linked', payload: { userId }, hospitalId: null, actorId: userId } as const;
    await this.outbox.add(tx, event);
    return this.credentials.removeFirstFactor(tx, userId, now);
  }

  async #acceptInvitations(tx: PublicTx, userId: string, { now, origin }: Moment): Promise<void> {
    for (const invitation of await this.open.findOf(tx, userId, now)) {
      const acceptance = { invitation, presentHash: null, newHash: null, now };
      if (!(await this.invitations.join(tx, acceptance, origin))) throw authError('auth.sign-in-outdated');
    }
  }

  async #register(
    tx: PublicTx,
    userId: string,
    { slug, hospitalId }: Destination,
    { now, origin }: Moment,
  ): Promise<void> {
    if (slug === undefined) throw firebaseError('firebase.hospital-required');
    if (hospitalId === undefined) throw firebaseError('firebase.hospital-unknown');
    await this.identities.addPatient(tx, userId, hospitalId, now);
    await this.outbox.add(tx, { type: 'membership.accepted', payload: { userId }, hospitalId, actorId: userId });
    const entry = { action: 'create', entity: 'membership', entityIds: [userId] } as const;
    await this.audit.append(tx, entry, { hospitalId, userId }, origin);
  }
}
