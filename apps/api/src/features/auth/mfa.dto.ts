import { IsOptional, IsString, Length } from 'class-validator';

export class MfaVerificationDto {
  /** Of the answer `auth.mfa-required`. */
  @IsString()
  @Length(1, 200)
  challenge: string;

  /** Six digits of the authenticator, or a recovery code. */
  @IsString()
  @Length(1, 64)
  code: string;

  /** What the last sign-in on this device answered: failures of strangers then do not lock it out. */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  deviceToken?: string;
}

export class MfaCodeDto {
  /** Six digits of the authenticator, or a recovery code where one is accepted. */
  @IsString()
  @Length(1, 64)
  code: string;
}

export class TotpEnrolmentDto {
  /** Base 32, for whoever types it into an app. Answered this once. */
  secret: string;
  /** The same as an `otpauth://` address, to show as a QR code. */
  uri: string;
}

export class RecoveryCodesDto {
  /** Each signs in once in place of the authenticator. Answered this once: keep them on paper. */
  recoveryCodes: string[];
}
