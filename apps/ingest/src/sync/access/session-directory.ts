import { lacksSecondFactor, rolesProvenBy, sessionKindOf, suits, timeoutOf } from '@hms/auth';
import { isRole, permissionsOf } from '@hms/contracts';
import { LRUCache } from 'lru-cache';
import { Gathered } from '../../database/gathered.js';
import type { Lane } from '../../database/lane.js';
import type { Hospitals } from '../../hospitals/hospitals.js';
import type { SyncActor } from './sync-actor.js';

interface SessionRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly kind: string;
  readonly amr: readonly string[];
  readonly last_seen_at: Date;
  readonly expires_at: Date;
  readonly mfa_at: Date | null;
  readonly hospital_id: string;
  readonly slug: string;
  readonly roles: readonly string[];
  readonly ward_ids: readonly string[] | null;
}

/** How long a session that was just revoked may still sync. */
const trustedForMs = 5_000;
const cachedSessions = 50_000;

/** What sessions are good for now. */
export class SessionDirectory {
  readonly #known: LRUCache<string, SyncActor>;
  readonly #lookups = new Gathered<SyncActor>((ids) => this.#ask(ids));

  constructor(
    private readonly lane: Pick<Lane, 'query'>,
    private readonly hospitals: Hospitals,
    private readonly now: () => number = Date.now,
  ) {
    this.#known = new LRUCache({ max: cachedSessions, ttl: trustedForMs, ttlResolution: 0, perf: { now } });
  }

  /** Undefined for a session that is unknown, revoked, timed out, or of no hospital or right. */
  async find(sessionId: string): Promise<SyncActor | undefined> {
    return this.#known.get(sessionId) ?? this.#lookups.find(sessionId);
  }

  async #ask(ids: readonly string[]): Promise<Map<string, SyncActor>> {
    const rows = await this.lane.query<SessionRow>(
      (sql) => sql`
        select * from public.sessions_of(array(
          select id::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb) id))`,
    );
    const actors = new Map<string, SyncActor>();
    for (const row of rows) {
      const actor = this.#actorOf(row);
      if (!actor) continue;
      actors.set(row.session_id, actor);
      this.#known.set(row.session_id, actor);
    }
    return actors;
  }

  #actorOf(row: SessionRow): SyncActor | undefined {
    const kind = sessionKindOf(row.kind);
    const clock = { kind, lastSeenAt: row.last_seen_at, expiresAt: row.expires_at };
    if (timeoutOf(clock, new Date(this.now())) !== undefined) return undefined;
    const roles = rolesProvenBy(row.amr, row.roles.filter(isRole));
    if (roles.length === 0 || !suits(kind, roles)) return undefined;
    if (lacksSecondFactor({ roles, ...(row.mfa_at ? { mfaAt: row.mfa_at } : {}) })) return undefined;
    return {
      userId: row.user_id,
      sessionId: row.session_id,
      hospital: this.hospitals.of(row.hospital_id, row.slug),
      roles,
      permissions: permissionsOf(roles),
      wardIds: row.ward_ids ?? undefined,
    };
  }
}
