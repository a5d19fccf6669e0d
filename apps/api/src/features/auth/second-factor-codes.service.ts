import { Injectable } from '@nestjs/common';
import type { PublicTx } from '@hms/database';
import type { FieldCipher } from '@hms/encryption';
import { MfaRepository } from './mfa.repository.js';
import { hashRecoveryCode, isRecoveryCode } from './recovery-codes.js';
import type { SecondFactor } from './session-proof.js';
import { acceptedStep } from './totp.js';

export interface PresentedCode {
  readonly userId: string;
  readonly code: string;
  readonly now: Date;
  /** 30-second steps a device's clock may be off. */
  readonly drift: number;
}

/** Where the secret of a user's authenticator is sealed. */
export const secretPlace = (userId: string) =>
  ({ table: 'totp_factor', column: 'secret_sealed', rowId: userId }) as const;

/** Spends the codes of second factors: each counts once, whoever else sends it at the same moment. */
@Injectable()
export class SecondFactorCodes {
  constructor(private readonly factors: MfaRepository) {}

  /**
   * What the code was; undefined when it does not count.
   * @param cipher the platform's, asked for before the transaction
   */
  async spend(tx: PublicTx, cipher: FieldCipher, presented: PresentedCode): Promise<SecondFactor | undefined> {
    const { userId, code, now, drift } = presented;
    if (isRecoveryCode(code)) {
      return (await this.factors.takeRecoveryCode(tx, userId, hashRecoveryCode(code), now)) ? 'recovery' : undefined;
    }
    const sealed = await this.factors.findSecret(tx, userId, { confirmed: true });
    if (sealed === undefined) return undefined;
    const step = acceptedStep(cipher.open(secretPlace(userId), sealed), code, now, drift);
    return step !== undefined && (await this.factors.takeStep(tx, userId, step)) ? 'otp' : undefined;
  }
}
