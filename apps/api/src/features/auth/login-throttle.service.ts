import { createHash, createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ApiConfig } from '../../platform/config/api-config.js';
import { addressKey } from '@hms/service-kit';
import { AddressGuesses } from './address-guesses.service.js';
import { authError } from './auth.errors.js';
import { KnownDevices } from './known-devices.service.js';
import { LoginThrottleRepository, type Counter, type Failure } from './login-throttle.repository.js';

/** Somebody about to prove who they are with something that can be guessed. */
export interface Attempt {
  readonly purpose: 'password' | 'mfa' | 'reset';
  /** Absent when the name that was given is nobody's. */
  readonly userId: string | undefined;
  /** What was given as a name, for when it is nobody's. */
  readonly name: string;
  readonly ip: string;
  readonly deviceToken: string | undefined;
  /**
   * Whoever signs in may be anybody: failures count against their address too, unless the device is known. Whoever has a
   * session of the user, or a token that was mailed to them, has a counter that no stranger can lock.
   */
  readonly by: 'signing-in' | 'session' | 'mailed-token';
  /** Equal guesses at many accounts are noticed. */
  readonly guess: string;
}

const longestLockSeconds = 15 * 60;
const strangers = new Uint8Array(0);

const digest = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(createHash('sha256').update(text).digest());
/** One for all sessions of a user: otherwise whoever stole one could begin anew in another hospital. */
const apart = { session: digest('own sessions'), 'mailed-token': digest('mailed tokens') };
const subjectOf = (userId: string | undefined, name: string): Uint8Array<ArrayBuffer> =>
  digest(userId === undefined ? `name ${name.toLowerCase()}` : `user ${userId}`);

/**
 * Limits guessing at one account, for accounts that do not exist just as for those that do. The counters lie in
 * PostgreSQL: losing Redis opens nothing. Sessions that live are never touched.
 */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly counters: LoginThrottleRepository,
    private readonly devices: KnownDevices,
    private readonly addresses: AddressGuesses,
    private readonly config: ApiConfig,
  ) {}

  /**
   * Lets `prove` judge one try. What it answers is the proof, undefined is a wrong guess; a try that throws was never
   * judged and is not counted.
   * @throws `auth.too-many-attempts` or, for the address, `rate.limited` or `service.busy`
   */
  async attempt<T>(attempt: Attempt, prove: () => Promise<T | undefined>): Promise<T | undefined> {
    const { purpose, userId } = attempt;
    const subject = subjectOf(userId, attempt.name);
    const address = addressKey(attempt.ip);
    const fingerprint = this.#fingerprint(`${purpose}\0${attempt.guess}`);
    const device = await this.#deviceOf(attempt);
    const counter: Counter = { purpose, subject, device, known: userId !== undefined };
    const judge = () => this.#judge(counter, { subject, address, fingerprint }, prove);
    const isStranger = attempt.by === 'signing-in' && device.length === 0;
    return isStranger ? this.addresses.judge(address, judge) : judge();
  }

  /** Opens every lock of the account for this purpose: what could be guessed was replaced. */
  reset(userId: string, purpose: Attempt['purpose']): Promise<void> {
    return this.counters.reset(subjectOf(userId, ''), purpose);
  }

  async #deviceOf({ by, userId, deviceToken }: Attempt): Promise<Uint8Array<ArrayBuffer>> {
    return by === 'signing-in' ? ((await this.devices.find(userId, deviceToken)) ?? strangers) : apart[by];
  }

  async #judge<T>(counter: Counter, failure: Failure, prove: () => Promise<T | undefined>): Promise<T | undefined> {
    await this.#admit(counter, failure.fingerprint);
    const proof = await prove().catch(async (err: unknown) => {
      await this.counters.release(counter);
      throw err;
    });
    if (proof === undefined) await this.counters.recordFailure(failure);
    else await this.counters.succeed(counter);
    return proof;
  }

  async #admit(counter: Counter, fingerprint: Uint8Array): Promise<void> {
    const isStranger = counter.device.length === 0;
    if (isStranger && (await this.counters.isSprayed(Buffer.from(fingerprint).toString('hex')))) {
      throw authError('auth.too-many-attempts', { retryAfter: longestLockSeconds });
    }
    if (await this.counters.admit(counter)) return;
    const seconds = await this.counters.secondsLocked(counter);
    throw authError('auth.too-many-attempts', { retryAfter: Math.max(1, seconds ?? longestLockSeconds) });
  }

  /** 32 bits of a keyed hash: enough to see that guesses are equal, too few to tell what was guessed. */
  #fingerprint(guess: string): Uint8Array<ArrayBuffer> {
    const hash = createHmac('sha256', this.config.refreshSecret).update(`login failure\0${guess}`).digest();
    return Uint8Array.from(hash.subarray(0, 4));
  }
}
