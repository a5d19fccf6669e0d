import { commonError } from '@hms/contracts';
import type { SessionDirectory } from './session-directory.js';
import type { SyncActor } from './sync-actor.js';
import type { TokenVerifier } from './token-verifier.js';

/** Turns an access token into who syncs. */
export class SyncAuthenticator {
  constructor(
    private readonly tokens: Pick<TokenVerifier, 'verify'>,
    private readonly sessions: Pick<SessionDirectory, 'find'>,
  ) {}

  /**
   * @param header `Authorization`
   * @throws AppError 401 for a token or session that does not count (any more), 403 for a role that holds nothing offline,
   * 503 while it cannot be known
   */
  async authenticate(header: string): Promise<SyncActor> {
    const { sessionId } = await this.tokens.verify(header);
    const actor = await this.sessions.find(sessionId).catch((cause: unknown) => {
      throw commonError('service.unavailable', { cause });
    });
    if (!actor) throw commonError('auth.unauthenticated');
    if (!actor.permissions.has('sync:own')) throw commonError('auth.forbidden');
    return actor;
  }
}
