import { Global, Module } from '@nestjs/common';
import { Authenticator } from './authenticator.service.js';
import { SessionActivity } from './session-activity.service.js';
import { SessionRegistry } from './session-registry.service.js';
import { SessionRepository } from './session.repository.js';
import { SignInEpochs } from './sign-in-epochs.repository.js';
import { TokenKeys } from './token-keys.service.js';
import { VerifiedTokens } from './verified-tokens.service.js';

@Global()
@Module({
  providers: [
    Authenticator,
    SessionActivity,
    SessionRegistry,
    SessionRepository,
    SignInEpochs,
    TokenKeys,
    VerifiedTokens,
  ],
  exports: [Authenticator, SessionActivity, SessionRegistry, SessionRepository, SignInEpochs, TokenKeys],
})
export class AccessModule {}
