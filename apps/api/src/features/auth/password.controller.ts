import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Public, Returns } from '../../platform/access/access.decorator.js';
import type { Actor } from '../../platform/access/actor.js';
import { CurrentActor, Origin } from '../../platform/access/current-actor.decorator.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { ownUser } from '../../platform/audit/audit-subjects.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import { Limited } from '../../platform/limits/limited.decorator.js';
import { ChangePasswordDto, ForgotPasswordDto, ResetPasswordDto } from './password.dto.js';
import { PasswordReset } from './password-reset.service.js';
import { PasswordService } from './password.service.js';

@ApiTags('Signing in')
@Controller('api/v1/auth/password')
export class PasswordController {
  constructor(
    private readonly passwords: PasswordService,
    private readonly resets: PasswordReset,
  ) {}

  /**
   * Replaces the own password; every other session of the user ends.
   * @throws {422} `password.current-wrong`, `password.too-short`, `password.too-long`, `password.common`,
   * `password.predictable`, `password.breached`
   */
  @Post('change')
  @Access('session:own', 'any')
  @Audited({ action: 'update', entity: 'password', entityIds: ownUser })
  @Returns(204)
  change(@CurrentActor() actor: Actor, @Body() command: ChangePasswordDto): Promise<void> {
    return this.passwords.change(actor, command);
  }

  /** Mails a token to the address if an active user has it; the answer is the same for every address. */
  @Post('forgot')
  @Limited('credential')
  @Public('whoever forgot their password cannot sign in')
  @Returns(202)
  forgot(@Body() command: ForgotPasswordDto): Promise<void> {
    return this.resets.request(command);
  }

  /**
   * Sets a new password with the token of the mail. Every session of the user ends; a second factor stays.
   * @throws {404} `password.reset-invalid`
   * @throws {422} `password.too-short`, `password.too-long`, `password.common`, `password.predictable`,
   * `password.breached`
   */
  @Post('reset')
  @Limited('credential')
  @Public('the mailed token is the credential')
  @Returns(204)
  reset(@Body() command: ResetPasswordDto, @Origin() origin: RequestOrigin): Promise<void> {
    return this.resets.complete(command, origin);
  }
}
