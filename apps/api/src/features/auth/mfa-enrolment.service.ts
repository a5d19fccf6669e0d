import { Injectable } from '@nestjs/common';
import { AppError, type EventPayload } from '@hms/contracts';
import type { PublicTx } from '@hms/database';
import type { Actor } from '../../platform/access/actor.js';
import { isFresh } from '../../platform/access/fresh-proof.policy.js';
import { SessionRegistry } from '../../platform/access/session-registry.service.js';
import { SessionRepository } from '../../platform/access/session.repository.js';
import { SignInEpochs } from '../../platform/access/sign-in-epochs.repository.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { Encryption } from '../../platform/encryption/encryption.service.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { userError } from '../users/users.errors.js';
import { AuthRepository } from './auth.repository.js';
import { LoginThrottle } from './login-throttle.service.js';
import type { RecoveryCodesDto, TotpEnrolmentDto } from './mfa.dto.js';
import { mfaError } from './mfa.errors.js';
import { MfaRepository } from './mfa.repository.js';
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.js';
import { SecondFactorCodes, secretPlace } from './second-factor-codes.service.js';
import { acceptedStep, driftIn, newTotpSecret, totpUri } from './totp.js';

type Change = EventPayload<'second-factor.changed'>['change'];

/** Sets second factors up and takes them away. */
@Injectable()
export class MfaEnrolment {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly factors: MfaRepository,
    private readonly codes: SecondFactorCodes,
    private readonly users: AuthRepository,
    private readonly epochs: SignInEpochs,
    private readonly sessions: SessionRegistry,
    private readonly proofs: SessionRepository,
    private readonly encryption: Encryption,
    private readonly outbox: Outbox,
    private readonly throttle: LoginThrottle,
  ) {}

  /**
   * Offers a secret, which counts once {@link confirm} proved that an app knows it. Whoever finds a session open must not
   * be able to bind the account to an app of theirs, so it takes a fresh sign-in.
   * @throws `mfa.proof-required` or `mfa.already-enrolled`
   */
  async begin(actor: Actor): Promise<TotpEnrolmentDto> {
    const { userId } = actor;
    const proof = await this.proofs.findProof(actor.sessionId);
    if (!isFresh(proof?.provedAt, new Date())) throw mfaError('mfa.proof-required');
    const { email } = await this.users.requireActive(userId);
    const cipher = await this.encryption.forPlatform();
    const secret = newTotpSecret();
    const sealed = cipher.seal(secretPlace(userId), secret);
    const offered = await this.unitOfWork.inPublic(actor, (tx) => this.factors.offerFactor(tx, userId, sealed));
    if (!offered) throw mfaError('mfa.already-enrolled');
    return { secret, uri: totpUri(secret, email) };
  }

  /** From here on this session has its second factor. @throws `mfa.not-enrolled` or `mfa.code-refused` */
  async confirm(actor: Actor, code: string): Promise<RecoveryCodesDto> {
    const { userId } = actor;
    const now = new Date();
    const cipher = await this.encryption.forPlatform();
    const recoveryCodes = await this.#change(actor, 'enrolled', async (tx) => {
      const secretSealed = await this.factors.findSecret(tx, userId, { confirmed: false });
      if (secretSealed === undefined) throw mfaError('mfa.not-enrolled');
      const step = acceptedStep(cipher.open(secretPlace(userId), secretSealed), code, now, driftIn(actor.hospital));
      if (step === undefined) throw mfaError('mfa.code-refused');
      const confirmed = await this.factors.confirmFactor(tx, { userId, secretSealed, step, now });
      if (!confirmed) throw mfaError('mfa.not-enrolled');
      // A sign-in under way that found no second factor ends; sessions that are open go on.
      await this.epochs.end(tx, userId);
      await this.factors.proveSession(tx, actor.sessionId, now);
      return this.#newRecoveryCodes(tx, userId);
    });
    this.sessions.forget(actor.sessionId);
    return { recoveryCodes };
  }

  /** Ten new codes; the old ones end. @throws `mfa.code-refused` or `auth.too-many-attempts` */
  async renewRecoveryCodes(actor: Actor, code: string): Promise<RecoveryCodesDto> {
    const cipher = await this.encryption.forPlatform();
    const renew = (): Promise<string[]> =>
      this.#change(actor, 'recovery-codes-renewed', async (tx) => {
        const presented = { userId: actor.userId, code, now: new Date(), drift: driftIn(actor.hospital) };
        if (!(await this.codes.spend(tx, cipher, presented))) throw mfaError('mfa.code-refused');
        return this.#newRecoveryCodes(tx, actor.userId);
      });
    return { recoveryCodes: await this.#guess(actor, code, renew) };
  }

  /** Takes a code or a recovery code, and ends every session: what they were opened with is gone. @throws `mfa.code-refused` */
  async disable(actor: Actor, code: string): Promise<void> {
    const now = new Date();
    const cipher = await this.encryption.forPlatform();
    const remove = (): Promise<string[]> =>
      this.#change(actor, 'disabled', async (tx) => {
        const drift = driftIn(actor.hospital);
        const spent = await this.codes.spend(tx, cipher, { userId: actor.userId, code, now, drift });
        if (!spent) throw mfaError('mfa.code-refused');
        await this.factors.removeFactor(tx, actor.userId);
        return this.users.endSessions(tx, actor.userId, { reason: 'credentials_changed', now });
      });
    for (const id of await this.#guess(actor, code, remove)) this.sessions.forget(id);
  }

  /**
   * For a user who lost their second factor: takes it away and ends their sessions. An administrator of a hospital may
   * do that for those who work in this hospital only: a hospital must not weaken an account that opens another one.
   * @throws `user.not-found`, `mfa.own-reset`, `mfa.shared-account` or `mfa.not-enrolled`
   */
  async reset(actor: Actor, userId: string): Promise<void> {
    if (userId === actor.userId) throw mfaError('mfa.own-reset');
    const now = new Date();
    const ended = await this.#change(
      actor,
      'reset',
      async (tx) => {
        await this.#requireReach(tx, actor, userId);
        if (!(await this.factors.removeFactor(tx, userId))) throw mfaError('mfa.not-enrolled');
        return this.users.endSessions(tx, userId, { reason: 'credentials_changed', now });
      },
      userId,
    );
    await this.throttle.reset(userId, 'mfa');
    for (const id of ended) this.sessions.forget(id);
  }

  async #requireReach(tx: PublicTx, { hospital }: Actor, userId: string): Promise<void> {
    const reach = await this.factors.findReach(tx, userId);
    if (!reach || (hospital && !reach.hospitalIds.includes(hospital.id))) throw userError('user.not-found');
    if (hospital && (reach.isPlatform || reach.hospitalIds.length > 1)) throw mfaError('mfa.shared-account');
  }

  async #newRecoveryCodes(tx: PublicTx, userId: string): Promise<string[]> {
    const codes = newRecoveryCodes();
    await this.factors.replaceRecoveryCodes(tx, userId, codes.map(hashRecoveryCode));
    return codes;
  }

  /** One try at a code of the actor's own: a stolen session may not try them all. */
  async #guess<T>({ userId, origin }: Actor, code: string, work: () => Promise<T>): Promise<T> {
    const attempt = {
      purpose: 'mfa',
      userId,
      name: userId,
      ip: origin.ip,
      deviceToken: undefined,
      guess: code,
      by: 'session',
    } as const;
    const done = await this.throttle.attempt(attempt, () =>
      work().then(
        (value) => ({ value }),
        (err: unknown) => {
          if (err instanceof AppError && err.code === 'mfa.code-refused') return undefined;
          throw err;
        },
      ),
    );
    if (!done) throw mfaError('mfa.code-refused');
    return done.value;
  }

  /** The user is told by mail of every change. */
  async #change<T>(
    actor: Actor,
    change: Change,
    work: (tx: PublicTx) => Promise<T>,
    userId = actor.userId,
  ): Promise<T> {
    const result = await this.unitOfWork.inPublic(actor, async (tx) => {
      const made = await work(tx);
      await this.outbox.add(tx, eventBy(actor, 'second-factor.changed', { userId, change }));
      return made;
    });
    this.outbox.wakeRelay();
    return result;
  }
}
