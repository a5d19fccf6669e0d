import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Public, Returns } from '../../platform/access/access.decorator.js';
import type { Actor } from '../../platform/access/actor.js';
import { CurrentActor, Origin } from '../../platform/access/current-actor.decorator.js';
import type { RequestOrigin } from '../../platform/access/request-origin.js';
import { Limited } from '../../platform/limits/limited.decorator.js';
import { idsInResult, ownSession } from '../../platform/audit/audit-subjects.js';
import { Audited } from '../../platform/audit/audited.decorator.js';
import {
  AcceptInvitationDto,
  LoginDto,
  LoginResultDto,
  MeDto,
  RefreshDto,
  SwitchHospitalDto,
  TokensDto,
} from './auth.dto.js';
import { InvitationAcceptance } from './invitation-acceptance.service.js';
import { OwnSessionService } from './own-session.service.js';
import { SignInService } from './sign-in.service.js';

@ApiTags('Signing in')
@Controller('api/v1')
export class AuthController {
  constructor(
    private readonly signIn: SignInService,
    private readonly session: OwnSessionService,
    private readonly invitations: InvitationAcceptance,
  ) {}

  /**
   * Signs in with e-mail and password. Whoever set up an authenticator is answered 401 `auth.mfa-required` with a
   * `challenge` for `POST /auth/mfa/verify`.
   * @throws {401} `auth.invalid-credentials`, `auth.mfa-required`, `auth.sign-in-outdated`
   * @throws {403} `auth.not-a-member`, `auth.device-refused`
   * @throws {409} `auth.hospital-required`
   */
  @Post('auth/login')
  @Limited('login')
  @Public('this is where a session begins')
  @Returns(200, LoginResultDto)
  login(@Body() credentials: LoginDto, @Origin() origin: RequestOrigin): Promise<LoginResultDto> {
    return this.signIn.login(credentials, origin);
  }

  /**
   * Exchanges a refresh token for new tokens. A lost answer may be asked for again for 10 seconds.
   * @throws {401} `auth.refresh-invalid`, `auth.refresh-reused`, `auth.session-idle`, `auth.session-expired`
   */
  @Post('auth/refresh')
  @Limited('session')
  @Public('the refresh token is the credential')
  @Returns(200, TokensDto)
  refresh(@Body() { refreshToken }: RefreshDto, @Origin() origin: RequestOrigin): Promise<TokensDto> {
    return this.session.refresh(refreshToken, origin);
  }

  /** Ends this session. */
  @Post('auth/logout')
  @Access('session:own', 'any')
  @Audited({ action: 'logout', entity: 'session', entityIds: ownSession })
  @Returns(204)
  logout(@CurrentActor() actor: Actor): Promise<void> {
    return this.session.logout(actor);
  }

  /** Ends every session of the user, on every device. */
  @Post('auth/logout-all')
  @Access('session:own', 'any')
  @Audited({ action: 'logout', entity: 'session', entityIds: idsInResult })
  @Returns(204)
  logoutAll(@CurrentActor() actor: Actor): Promise<void> {
    return this.session.logoutAll(actor);
  }

  /** Joins a hospital by invitation: whoever has no password yet sets one, anybody else proves who they are with theirs. */
  @Post('auth/invitations/accept')
  @Limited('credential')
  @Public('the invitation token is the credential')
  @Returns(204)
  acceptInvitation(@Body() acceptance: AcceptInvitationDto, @Origin() origin: RequestOrigin): Promise<void> {
    return this.invitations.accept(acceptance, origin);
  }

  /** Who is signed in, where, and what they may do. */
  @Get(['auth/me', 'me'])
  @Access('session:own', 'any')
  @Returns(200, MeDto)
  me(@CurrentActor() actor: Actor): Promise<MeDto> {
    return this.session.me(actor);
  }

  /**
   * Continues in another hospital of the same user; the present session ends.
   * @throws {401} `auth.sign-in-outdated`
   * @throws {403} `auth.not-a-member`, `auth.device-refused`, `auth.password-required`
   */
  @Post(['auth/switch-hospital', 'switch-hospital'])
  @Access('session:own', 'any')
  @Returns(200, LoginResultDto)
  switchHospital(@CurrentActor() actor: Actor, @Body() { hospital }: SwitchHospitalDto): Promise<LoginResultDto> {
    return this.signIn.switchHospital(actor, hospital);
  }
}
