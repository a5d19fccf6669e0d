import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import type { LoginResultDto } from '../auth/auth.dto.js';
import { AuthRepository } from '../auth/auth.repository.js';
import { MfaChallenges } from '../auth/mfa-challenge.service.js';
import { chooseHospital, type SignIn } from '../auth/sign-in.policy.js';
import { SelfRegistration } from '../patients/self-registration.service.js';
import { ExternalIdentitiesRepository } from './external-identities.repository.js';
import type { VerifyFirebaseDto } from './firebase.dto.js';
import { firebaseError } from './firebase.errors.js';
import { FirebaseKeys } from './firebase-keys.service.js';
import { InvalidIdTokenError, verifyFirebaseToken, type FirebaseIdentity } from './firebase-token.js';
import { personName } from './person-name.js';

/**
 * Exchanges what Firebase says of a person for a session of ours, for patients only: whoever holds a role of staff needs
 * the password and the second factor that role demands. People are known by issuer and subject; an e-mail address counts
 * at the first sign-in alone, and only when it is verified.
 */
@Injectable()
export class FirebaseSignIn {
  constructor(
    private readonly config: ApiConfig,
    private readonly database: HospitalDatabase,
    private readonly keys: FirebaseKeys,
    private readonly identities: ExternalIdentitiesRepository,
    private readonly users: AuthRepository,
    private readonly registration: SelfRegistration,
    private readonly challenges: MfaChallenges,
  ) {}

  /** @throws as the route says */
  async exchange(command: VerifyFirebaseDto, origin: RequestOrigin): Promise<LoginResultDto> {
    const identity = await this.#verify(command.idToken, new Date());
    const known = await this.identities.findUserId(identity);
    const userId = known ?? (await this.#firstSignIn(identity, command.hospital));
    const where = await this.#asPatient(userId, command.hospital);
    await this.#ensureRecord(where, identity);
    return this.challenges.admit(where, { factor: 'fed', kind: command.client ?? 'web', origin });
  }

  async #verify(token: string, now: Date): Promise<FirebaseIdentity> {
    const { firebase } = this.config;
    if (!firebase) throw firebaseError('firebase.disabled');
    try {
      return await verifyFirebaseToken(token, { projectId: firebase.projectId, key: this.keys.at(now), now });
    } catch (err) {
      if (err instanceof InvalidIdTokenError) throw firebaseError('firebase.token-invalid', { cause: err });
      throw err;
    }
  }

  /** Links the identity to the account of its verified e-mail, which is made if there is none. */
  async #firstSignIn(identity: FirebaseIdentity, slug: string | undefined): Promise<string> {
    const { verifiedEmail: email } = identity;
    if (email === undefined) throw firebaseError('firebase.email-unverified');
    const hospitalId = slug === undefined ? undefined : await this.identities.findActiveHospitalId(slug);
    await this.database.inPublic(async (tx) => {
      const account =
        (await this.#linkable(tx, email)) ?? (await this.#create(tx, { ...identity, email, slug, hospitalId }));
      await this.identities.acceptPatientInvitations(tx, account, new Date());
      await this.identities.link(tx, identity, account);
    });
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

  async #create(
    tx: PublicTx,
    person: { email: string; name?: string; slug: string | undefined; hospitalId: string | undefined },
  ): Promise<string> {
    const { email, name, slug, hospitalId } = person;
    if (slug === undefined) throw firebaseError('firebase.hospital-required');
    if (hospitalId === undefined) throw firebaseError('firebase.hospital-unknown');
    const { givenName, familyName } = personName(name, email);
    const displayName = givenName === familyName ? familyName : `${givenName} ${familyName}`.slice(0, 200);
    await this.identities.createPatientAccount(tx, { email, displayName, hospitalId });
    // Somebody else may have made it meanwhile: what they made decides.
    const account = await this.#linkable(tx, email);
    if (account === undefined) throw new Error('an account vanished inside the transaction that made it');
    return account;
  }

  async #asPatient(userId: string, slug: string | undefined): Promise<SignIn> {
    const user = await this.users.findById(userId);
    if (user?.status !== 'active') throw firebaseError('firebase.account-disabled');
    const isStaff = user.platformRole !== null || user.memberships.some(({ role }) => role !== 'patient');
    if (isStaff) throw firebaseError('firebase.staff-account');
    return chooseHospital(user, slug);
  }

  /** A first sign-in that was cut short between account and record is completed by the next. */
  async #ensureRecord({ user, hospital }: SignIn, { name }: FirebaseIdentity): Promise<void> {
    if (!hospital) throw new Error('a patient signs in to a hospital');
    const memberships = await this.identities.findPatientMemberships(user.id);
    const patientId = memberships.find(({ hospitalId }) => hospitalId === hospital.id)?.patientId;
    if (!patientId) throw new Error('a patient has a record');
    const details = { id: patientId, email: user.email, ...personName(name, user.email) };
    await this.registration.ensure(hospital, details, user.id);
  }
}
