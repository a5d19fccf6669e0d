import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { notificationError } from '../notifications.errors.js';
import type { DeactivatedDto, PushTokenDto, RegisterPushTokenDto } from './push-tokens.dto.js';
import { PushTokensRepository } from './push-tokens.repository.js';

/** The installations of the app somebody is reached on. */
@Injectable()
export class PushTokensService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tokens: PushTokensRepository,
  ) {}

  /** From now on it is the actor's, whoever had it before. */
  register(actor: Actor, { token, platform }: RegisterPushTokenDto): Promise<PushTokenDto> {
    return this.unitOfWork.inPublic(actor, async (tx) => {
      const row = await this.tokens.register(tx, actor.userId, token, platform);
      return { id: row.id, platform: row.platform, registeredAt: row.registeredAt.toISOString() };
    });
  }

  /** @throws `push-token.not-found` */
  deactivate(actor: Actor, token: string): Promise<DeactivatedDto> {
    return this.unitOfWork.inPublic(actor, async (tx) => {
      const deactivated = await this.tokens.signOut(tx, actor.userId, token);
      if (deactivated.length === 0) throw notificationError('push-token.not-found');
      return { deactivated };
    });
  }

  deactivateAll(actor: Actor): Promise<DeactivatedDto> {
    return this.unitOfWork.inPublic(actor, async (tx) => ({
      deactivated: await this.tokens.signOut(tx, actor.userId, undefined),
    }));
  }
}
