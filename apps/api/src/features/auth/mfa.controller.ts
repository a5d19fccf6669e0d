import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Public, Returns } from '../../platform/access/access.decorator.js';
import type { Actor } from '../../platform/access/actor.js';
import { CurrentActor, Origin } from '../../platform/access/current-actor.decorator.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { ownUser } from '../../platform/audit/audit-subjects.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { UuidPipe } from '../../platform/http/uuid.pipe.js';
import { NotIdempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { Limited } from '../../platform/limits/limited.decorator.js';
import { LoginResultDto } from './auth.dto.js';
import { MfaChallenges } from './mfa-challenge.service.js';
import { MfaEnrolment } from './mfa-enrolment.service.js';
import { MfaCodeDto, MfaVerificationDto, RecoveryCodesDto, TotpEnrolmentDto } from './mfa.dto.js';

@ApiTags('Signing in')
@Controller('api/v1')
export class MfaController {
  constructor(
    private readonly challenges: MfaChallenges,
    private readonly enrolment: MfaEnrolment,
  ) {}

  /**
   * Ends a login that was answered `auth.mfa-required`, with a code of the authenticator or a recovery code.
   * @throws {401} `auth.mfa-challenge-invalid`, `auth.mfa-code-invalid`
   */
  @Post('auth/mfa/verify')
  @Public('the challenge of a login is the credential')
  @Limited('login')
  @Returns(200, LoginResultDto)
  verify(@Body() verification: MfaVerificationDto, @Origin() origin: RequestOrigin): Promise<LoginResultDto> {
    return this.challenges.verify(verification, origin);
  }

  /**
   * Begins to set up an authenticator app; it counts once confirmed. Asking again replaces a secret nobody confirmed.
   * @throws {403} `mfa.proof-required`
   * @throws {409} `mfa.already-enrolled`
   */
  @Post('auth/mfa/totp')
  @Access('session:own', 'any')
  @NotIdempotent('a secret counts once it is confirmed, and asking again replaces it')
  @Returns(201, TotpEnrolmentDto)
  begin(@CurrentActor() actor: Actor): Promise<TotpEnrolmentDto> {
    return this.enrolment.begin(actor);
  }

  /**
   * Confirms the authenticator with a code of it. This session may then do all that the user's roles may.
   * @throws {409} `mfa.not-enrolled`
   * @throws {422} `mfa.code-refused`
   */
  @Post('auth/mfa/totp/confirm')
  @Limited('credential')
  @Access('session:own', 'any')
  @Audited({ action: 'create', entity: 'second-factor', entityIds: ownUser })
  @Returns(200, RecoveryCodesDto)
  confirm(@CurrentActor() actor: Actor, @Body() { code }: MfaCodeDto): Promise<RecoveryCodesDto> {
    return this.enrolment.confirm(actor, code);
  }

  /**
   * Replaces all recovery codes.
   * @throws {422} `mfa.code-refused`
   */
  @Post('auth/mfa/recovery-codes')
  @Limited('credential')
  @Access('session:own', 'any')
  @Audited({ action: 'update', entity: 'recovery-codes', entityIds: ownUser })
  @Returns(200, RecoveryCodesDto)
  renewRecoveryCodes(@CurrentActor() actor: Actor, @Body() { code }: MfaCodeDto): Promise<RecoveryCodesDto> {
    return this.enrolment.renewRecoveryCodes(actor, code);
  }

  /**
   * Takes the authenticator away and ends every session of the user.
   * @throws {422} `mfa.code-refused`
   */
  @Post('auth/mfa/totp/disable')
  @Limited('credential')
  @Access('session:own', 'any')
  @Audited({ action: 'delete', entity: 'second-factor', entityIds: ownUser })
  @Returns(204)
  disable(@CurrentActor() actor: Actor, @Body() { code }: MfaCodeDto): Promise<void> {
    return this.enrolment.disable(actor, code);
  }

  /**
   * Takes away the second factor of a user who lost it, and ends their sessions. The user is told by mail.
   * @throws {404} `user.not-found`
   * @throws {409} `mfa.own-reset`, `mfa.shared-account`, `mfa.not-enrolled`
   */
  @Post('users/:id/mfa/reset')
  @Access('user:manage', 'any')
  @Audited({ action: 'delete', entity: 'second-factor' })
  @Returns(204)
  reset(@CurrentActor() actor: Actor, @Param('id', UuidPipe) id: string): Promise<void> {
    return this.enrolment.reset(actor, id);
  }
}
