import { Module } from '@nestjs/common';
import { AccessTokenIssuer } from './access-token.issuer.js';
import { AuthController } from './auth.controller.js';
import { AuthRepository } from './auth.repository.js';
import { AuthService } from './auth.service.js';
import { JwksController } from './jwks.controller.js';
import { PasswordHasher } from './password-hasher.service.js';

@Module({
  controllers: [AuthController, JwksController],
  providers: [AccessTokenIssuer, AuthRepository, AuthService, PasswordHasher],
})
export class AuthModule {}
