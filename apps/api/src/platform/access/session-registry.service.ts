import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SessionRepository, type SessionStanding } from './session.repository.js';

const cacheFor = 3_000;

/**
 * Answers whether a session is alive and what its user may do now. An answer is at most 3 s old, so a logout, a timeout, a
 * changed role, a disabled user or a suspended hospital takes effect within 5 s in every process, with or without Redis.
 */
@Injectable()
export class SessionRegistry {
  readonly #states = new LRUCache<string, { standing: SessionStanding }>({
    max: 50_000,
    ttl: cacheFor,
    // Whoever asked before a session was forgotten is still answered; the answer is then not kept.
    ignoreFetchAbort: true,
    fetchMethod: async (sessionId) => ({ standing: await this.sessions.findStanding(sessionId, new Date()) }),
  });

  constructor(private readonly sessions: SessionRepository) {}

  /** Concurrent questions about one session ask the database once. */
  async find(sessionId: string): Promise<SessionStanding> {
    return (await this.#states.fetch(sessionId))?.standing;
  }

  /** Forgets what this process knows, after it changed the session itself. */
  forget(sessionId: string): void {
    this.#states.delete(sessionId);
  }
}
