import { Body, Controller, Delete, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Returns } from '../../../platform/access/access.decorator.js';
import type { Actor } from '../../../platform/access/actor.js';
import { CurrentActor } from '../../../platform/access/current-actor.decorator.js';
import { NotAudited } from '../../../platform/audit/audited.decorator.js';
import { NotIdempotent } from '../../../platform/idempotency/idempotent.decorator.js';
import { DeactivatedDto, DeactivatePushTokenDto, PushTokenDto, RegisterPushTokenDto } from './push-tokens.dto.js';
import { PushTokensService } from './push-tokens.service.js';

const ownDevice = 'where somebody wants to be reached shows no patient and changes no rights';

@ApiTags('Notifications')
@Controller('api/v1/notifications')
export class PushTokensController {
  constructor(private readonly tokens: PushTokensService) {}

  /**
   * Sends the caller's notifications to this installation of the app too.
   * @remarks Again after each sign-in and whenever FCM renews the token. A token belongs to whoever registered it last.
   * @throws {422} `request.invalid`
   */
  @Post('register-token')
  @Access('session:own', 'any')
  @NotAudited(ownDevice)
  @NotIdempotent('registering a token again leaves it registered')
  @Returns(201, PushTokenDto)
  register(@CurrentActor() actor: Actor, @Body() command: RegisterPushTokenDto): Promise<PushTokenDto> {
    return this.tokens.register(actor, command);
  }

  /**
   * Sends nothing more to this installation, as before signing out.
   * @throws {404} `push-token.not-found`
   * @throws {422} `request.invalid`
   */
  @Delete('deactivate-token')
  @Access('session:own', 'any')
  @NotAudited(ownDevice)
  @Returns(200, DeactivatedDto)
  deactivate(@CurrentActor() actor: Actor, @Body() { token }: DeactivatePushTokenDto): Promise<DeactivatedDto> {
    return this.tokens.deactivate(actor, token);
  }

  /** Sends nothing more to any installation the caller registered. */
  @Delete('deactivate-all')
  @Access('session:own', 'any')
  @NotAudited(ownDevice)
  @Returns(200, DeactivatedDto)
  deactivateAll(@CurrentActor() actor: Actor): Promise<DeactivatedDto> {
    return this.tokens.deactivateAll(actor);
  }
}
