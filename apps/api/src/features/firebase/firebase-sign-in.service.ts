import { Injectable } from '@nestjs/common';
import { AppError } from '@hms/contracts';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
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
import { PatientAccounts } from './patient-accounts.service.js';
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
    private readonly keys: FirebaseKeys,
    private readonly identities: ExternalIdentitiesRepository,
    private readonly accounts: PatientAccounts,
    private readonly users: AuthRepository,
    private readonly registration: SelfRegistration,
    private readonly challenges: MfaChallenges,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws as the route says */
  async exchange(command: VerifyFirebaseDto, origin: RequestOrigin): Promise<LoginResultDto> {
    const identity = await this.#verify(command.idToken, new Date());
    try {
      return await this.#signIn(identity, command, origin);
    } catch (err) {
      if (err instanceof AppError && err.spec.status < 500) await this.#recordFailure(identity, err.code, origin);
      throw err;
    }
  }

  async #signIn(
    identity: FirebaseIdentity,
    command: VerifyFirebaseDto,
    origin: RequestOrigin,
  ): Promise<LoginResultDto> {
    const known = await this.identities.findUserId(identity);
    const userId = known ?? (await this.accounts.link(identity, command.hospital, origin));
    const where = await this.#asPatient(userId, command.hospital);
    await this.#ensureRecord(where, identity, origin);
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

  async #asPatient(userId: string, slug: string | undefined): Promise<SignIn> {
    const user = await this.users.findById(userId);
    if (user?.status !== 'active') throw firebaseError('firebase.account-disabled');
    const isStaff = user.platformRole !== null || user.memberships.some(({ role }) => role !== 'patient');
    if (isStaff) throw firebaseError('firebase.staff-account');
    return chooseHospital(user, slug);
  }

  /** As a failed login with a password: by a pseudonym, with the platform. */
  async #recordFailure({ issuer, subject }: FirebaseIdentity, reason: string, origin: RequestOrigin): Promise<void> {
    const entityIds = [this.audit.pseudonym(`${issuer} ${subject}`)];
    await this.audit.record({ action: 'login', entity: 'account', entityIds, outcome: 'failed', reason }, {}, origin);
  }

  /** A first sign-in that was cut short between account and record is completed by the next. */
  async #ensureRecord({ user, hospital }: SignIn, { name }: FirebaseIdentity, origin: RequestOrigin): Promise<void> {
    if (!hospital) throw new Error('a patient signs in to a hospital');
    const memberships = await this.identities.findPatientMemberships(user.id);
    const patientId = memberships.find(({ hospitalId }) => hospitalId === hospital.id)?.patientId;
    if (!patientId) throw new Error('a patient has a record');
    const details = { id: patientId, email: user.email, ...personName(name, user.email) };
    await this.registration.ensure(hospital, details, { by: user.id, origin });
  }
}
