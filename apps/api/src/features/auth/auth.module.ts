import { Module } from '@nestjs/common';
import { AddressGuesses } from './address-guesses.service.js';
import { AccessTokenIssuer } from './access-token.issuer.js';
import { AuthController } from './auth.controller.js';
import { AuthRepository } from './auth.repository.js';
import { CredentialRemoval } from './credential-removal.service.js';
import { InvitationAcceptanceRepository } from './invitation-acceptance.repository.js';
import { InvitationAcceptance } from './invitation-acceptance.service.js';
import { MfaChallenges } from './mfa-challenge.service.js';
import { MfaController } from './mfa.controller.js';
import { MfaEnrolment } from './mfa-enrolment.service.js';
import { MfaRepository } from './mfa.repository.js';
import { SecondFactorCodes } from './second-factor-codes.service.js';
import { JwksController } from './jwks.controller.js';
import { KnownDevices } from './known-devices.service.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { LoginThrottle } from './login-throttle.service.js';
import { LoginThrottleRepository } from './login-throttle.repository.js';
import { OwnSessionService } from './own-session.service.js';
import { BreachedPasswords } from './breached-passwords.service.js';
import { PasswordController } from './password.controller.js';
import { PasswordHasher } from './password-hasher.service.js';
import { PasswordRepository } from './password.repository.js';
import { PasswordResetRepository } from './password-reset.repository.js';
import { PasswordReset } from './password-reset.service.js';
import { PasswordRules } from './password-rules.service.js';
import { PasswordService } from './password.service.js';
import { SessionIssuer } from './session-issuer.service.js';
import { SignInService } from './sign-in.service.js';

@Module({
  controllers: [AuthController, JwksController, MfaController, PasswordController],
  providers: [
    AccessTokenIssuer,
    AddressGuesses,
    AuthRepository,
    CredentialRemoval,
    InvitationAcceptance,
    InvitationAcceptanceRepository,
    MfaChallenges,
    MfaEnrolment,
    MfaRepository,
    SecondFactorCodes,
    KnownDevices,
    KnownDevicesRepository,
    LoginThrottle,
    LoginThrottleRepository,
    OwnSessionService,
    BreachedPasswords,
    PasswordHasher,
    PasswordRepository,
    PasswordReset,
    PasswordResetRepository,
    PasswordRules,
    PasswordService,
    SessionIssuer,
    SignInService,
  ],
  exports: [AuthRepository, CredentialRemoval, InvitationAcceptance, InvitationAcceptanceRepository, MfaChallenges],
})
export class AuthModule {}
