import { Module } from '@nestjs/common';
import { AccessTokenIssuer } from './access-token.issuer.js';
import { AuthController } from './auth.controller.js';
import { AuthRepository } from './auth.repository.js';
import { InvitationAcceptance } from './invitation-acceptance.service.js';
import { MfaChallenges } from './mfa-challenge.service.js';
import { MfaController } from './mfa.controller.js';
import { MfaEnrolment } from './mfa-enrolment.service.js';
import { MfaRepository } from './mfa.repository.js';
import { SecondFactorCodes } from './second-factor-codes.service.js';
import { JwksController } from './jwks.controller.js';
import { OwnSessionService } from './own-session.service.js';
import { PasswordHasher } from './password-hasher.service.js';
import { SessionIssuer } from './session-issuer.service.js';
import { SignInService } from './sign-in.service.js';

@Module({
  controllers: [AuthController, JwksController, MfaController],
  providers: [
    AccessTokenIssuer,
    AuthRepository,
    InvitationAcceptance,
    MfaChallenges,
    MfaEnrolment,
    MfaRepository,
    SecondFactorCodes,
    OwnSessionService,
    PasswordHasher,
    SessionIssuer,
    SignInService,
  ],
  exports: [AuthRepository, MfaChallenges],
})
export class AuthModule {}
