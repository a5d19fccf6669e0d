import { Global, Module } from '@nestjs/common';
import { Authenticator } from './authenticator.service.js';
import { SessionActivity } from './session-activity.service.js';
import { SessionRegistry } from './session-registry.service.js';
import { SessionRepository } from './session.repository.js';
import { TokenKeys } from './token-keys.service.js';

@Global()
@Module({
  providers: [Authenticator, SessionActivity, SessionRegistry, SessionRepository, TokenKeys],
  exports: [Authenticator, SessionActivity, SessionRegistry, TokenKeys],
})
export class AccessModule {}
