import { Module } from '@nestjs/common';
import { AccessTokenIssuer } from './access-token.issuer.js';
import { AuthController } from './auth.controller.js';
import { AuthRepository } from './auth.repository.js';
import { InvitationAcceptance } from './invitation-acceptance.service.js';
import { JwksController } from './jwks.controller.js';
import { OwnSessionService } from './own-session.service.js';
import { PasswordHasher } from './password-hasher.service.js';
import { SessionIssuer } from './session-issuer.service.js';
import { SignInService } from './sign-in.service.js';

@Module({
  controllers: [AuthController, JwksController],
  providers: [
    AccessTokenIssuer,
    AuthRepository,
    InvitationAcceptance,
    OwnSessionService,
    PasswordHasher,
    SessionIssuer,
    SignInService,
  ],
  exports: [AuthRepository, SessionIssuer],
})
export class AuthModule {}
