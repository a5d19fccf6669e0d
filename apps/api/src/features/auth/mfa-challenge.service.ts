import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';
import { hashOpaqueToken, newOpaqueToken } from '../../platform/access/opaque-token.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { suits, type SessionKind } from '@hms/auth';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { Encryption } from '../../platform/encryption/encryption.service.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import type { LoginResultDto } from './auth.dto.js';
import { authError } from './auth.errors.js';
import { AuthRepository } from './auth.repository.js';
import { KnownDevices } from './known-devices.service.js';
import { LoginThrottle } from './login-throttle.service.js';
import type { MfaVerificationDto } from './mfa.dto.js';
import { mfaError } from './mfa.errors.js';
import { MfaRepository, type Challenge } from './mfa.repository.js';
import { SecondFactorCodes } from './second-factor-codes.service.js';
import { SessionIssuer } from './session-issuer.service.js';
import { proofBy, type FirstFactor, type SecondFactor } from './session-proof.js';
import { driftIn } from './totp.js';
import { hospitalsOf, isRefusal, signIn, type SignIn, type UserWithMemberships } from './sign-in.policy.js';

const challengeSeconds = 5 * 60;

export interface FirstProof {
  readonly factor: FirstFactor;
  readonly kind: SessionKind;
  readonly origin: RequestOrigin;
}

interface PresentedFactor {
  readonly where: SignIn;
  readonly code: string;
  readonly deviceToken: string | undefined;
  readonly now: Date;
  readonly origin: RequestOrigin;
}

/** What comes between a right first factor and a session. */
@Injectable()
export class MfaChallenges {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly factors: MfaRepository,
    private readonly codes: SecondFactorCodes,
    private readonly users: AuthRepository,
    private readonly issuer: SessionIssuer,
    private readonly encryption: Encryption,
    private readonly outbox: Outbox,
    private readonly throttle: LoginThrottle,
    private readonly devices: KnownDevices,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * A session for whoever proved the first factor, unless a second is set up.
   * @throws `auth.mfa-required` with a challenge for {@link verify}, `auth.device-refused` or `auth.sign-in-outdated`
   */
  async admit(where: SignIn, { factor, kind, origin }: FirstProof): Promise<LoginResultDto> {
    if (!suits(kind, where.user.roles)) throw authError('auth.device-refused');
    if (!(await this.factors.isEnrolled(where.user.id))) {
      return this.issuer.open(where, { kind, origin, proof: proofBy(factor) });
    }
    const challenge = newOpaqueToken();
    const now = new Date();
    const asked = {
      tokenHash: hashOpaqueToken(challenge),
      userId: where.user.id,
      hospitalId: where.hospital?.id ?? null,
      kind,
      firstFactor: factor,
      epoch: where.epoch,
      expiresAt: new Date(now.getTime() + challengeSeconds * 1_000),
    };
    await this.database.inPublic((tx) => this.factors.addChallenge(tx, asked, now));
    throw mfaError('auth.mfa-required', {
      members: { challenge, methods: ['totp', 'recovery-code'], expiresIn: challengeSeconds },
    });
  }

  /**
   * @throws `auth.mfa-challenge-invalid`, `auth.mfa-code-invalid`, `auth.too-many-attempts`, `auth.sign-in-outdated` or
   * `rate.limited`
   */
  async verify({ challenge, code, deviceToken }: MfaVerificationDto, origin: RequestOrigin): Promise<LoginResultDto> {
    const now = new Date();
    const tokenHash = hashOpaqueToken(challenge);
    const asked = await this.factors.beginTry(tokenHash, now);
    const user = asked && (await this.users.findById(asked.userId));
    const where = asked && user?.status === 'active' ? whereOf(user, asked) : undefined;
    if (!asked || !where) throw mfaError('auth.mfa-challenge-invalid');
    const { userId, kind, firstFactor } = asked;
    const factor = await this.#prove(tokenHash, { where, code, deviceToken, now, origin }).catch(
      async (err: unknown) => {
        if (isRefusal(err)) await this.#recordFailure(where, err.code, origin);
        throw err;
      },
    );
    const opened = await this.issuer.open(where, { kind, origin, proof: proofBy(firstFactor, { factor, at: now }) });
    return { ...opened, deviceToken: await this.devices.remember(userId, deviceToken) };
  }

  /** Whoever knows the password gets as many challenges as they like: guesses count over all of them. */
  async #prove(tokenHash: Uint8Array<ArrayBuffer>, presented: PresentedFactor): Promise<SecondFactor> {
    const { where, code, deviceToken, origin } = presented;
    const attempt = {
      purpose: 'mfa',
      userId: where.user.id,
      name: '',
      ip: origin.ip,
      deviceToken,
      guess: code,
      by: 'signing-in',
    } as const;
    const factor = await this.throttle.attempt(attempt, () => this.#spend(tokenHash, presented));
    if (!factor) throw mfaError('auth.mfa-code-invalid');
    return factor;
  }

  async #spend(
    tokenHash: Uint8Array<ArrayBuffer>,
    { where, code, now, origin }: PresentedFactor,
  ): Promise<SecondFactor | undefined> {
    const { user, hospital } = where;
    const cipher = await this.encryption.forPlatform();
    const drift = driftIn(hospital);
    const factor = await this.database.inPublic(async (tx) => {
      const spent = await this.codes.spend(tx, cipher, { userId: user.id, code, now, drift });
      if (!spent) return undefined;
      if (!(await this.factors.spendChallenge(tx, tokenHash, now))) throw mfaError('auth.mfa-challenge-invalid');
      if (spent === 'recovery') {
        const payload = { userId: user.id, change: 'recovery-code-used' } as const;
        await this.outbox.add(tx, { type: 'second-factor.changed', payload, hospitalId: null, actorId: user.id });
        const entry = { action: 'delete', entity: 'recovery-codes', entityIds: [user.id] } as const;
        await this.audit.append(tx, entry, partyAt(where), origin);
      }
      return spent;
    });
    if (factor === 'recovery') this.outbox.wakeRelay();
    return factor;
  }

  /** The first factor was right, so it is known whose account somebody tried to enter. */
  #recordFailure(where: SignIn, reason: string, origin: RequestOrigin): Promise<void> {
    const entry = {
      action: 'login',
      entity: 'account',
      entityIds: [where.user.id],
      outcome: 'failed',
      reason,
    } as const;
    return this.audit.record(entry, partyAt(where), origin);
  }
}

const partyAt = ({ user, hospital }: SignIn) => ({ hospitalId: hospital?.id, userId: user.id, roles: user.roles });

/** Where the challenge leads, if the user may still go there. */
function whereOf(user: UserWithMemberships, { hospitalId, epoch }: Challenge): SignIn | undefined {
  if (hospitalId === null) return user.platformRole === 'super_admin' ? { ...signIn(user, null), epoch } : undefined;
  const hospital = hospitalsOf(user).find(({ id }) => id === hospitalId);
  return hospital && { ...signIn(user, hospital), epoch };
}
