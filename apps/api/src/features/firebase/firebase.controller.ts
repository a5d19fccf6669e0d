import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public, Returns } from '../../platform/access/access.decorator.js';
import { Origin } from '../../platform/access/current-actor.decorator.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { Limited } from '../../platform/limits/limited.decorator.js';
import { LoginResultDto } from '../auth/auth.dto.js';
import { VerifyFirebaseDto } from './firebase.dto.js';
import { FirebaseSignIn } from './firebase-sign-in.service.js';

@ApiTags('Signing in')
@Controller('api/v1/auth/firebase')
export class FirebaseController {
  constructor(private readonly firebase: FirebaseSignIn) {}

  /**
   * Signs a patient in with a Firebase ID token; a first sign-in makes the account. Whoever set up an authenticator is
   * answered 401 `auth.mfa-required` with a `challenge` for `POST /auth/mfa/verify`.
   * @throws {401} `firebase.token-invalid`, `auth.mfa-required`, `auth.sign-in-outdated`
   * @throws {403} `firebase.email-unverified`, `firebase.staff-account`, `firebase.account-disabled`, `auth.not-a-member`
   * @throws {404} `firebase.disabled`
   * @throws {409} `auth.hospital-required`
   * @throws {422} `firebase.hospital-required`, `firebase.hospital-unknown`
   * @throws {503} `firebase.unavailable`
   */
  @Post('verify')
  @Limited('login')
  @Public('the ID token is the credential')
  @Returns(200, LoginResultDto)
  verify(@Body() command: VerifyFirebaseDto, @Origin() origin: RequestOrigin): Promise<LoginResultDto> {
    return this.firebase.exchange(command, origin);
  }
}
