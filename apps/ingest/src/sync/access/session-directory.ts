import { lacksSecondFactor, rolesProvenBy, sessionKindOf, suits, timeoutOf } from '@hms/auth';
import { isRole, permissionsOf } from '@hms/contracts';
import { LRUCache } from 'lru-cache';
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
const gatherForMs = 2;

/** What sessions are good for now. Those asked about at about the same time are looked up together. */
export class SessionDirectory {
  readonly #known: LRUCache<string, SyncActor>;
  #waiting = new Map<string, ((actor: Promise<SyncActor | undefined>) => void)[]>();

  constructor(
    private readonly lane: Pick<Lane, 'query'>,
    private readonly hospitals: Hospitals,
    private readonly now: () => number = Date.now,
  ) {
    this.#known = new LRUCache({ max: cachedSessions, ttl: trustedForMs, ttlResolution: 0, perf: { now } });
  }

  /** Undefined for a session that is unknown, revoked, timed out, or of no hospital or right. */
  find(sessionId: string): Promise<SyncActor | undefined> {
    const known = this.#known.get(sessionId);
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => {
      const others = this.#waiting.get(sessionId);
      if (others) others.push(resolve);
      else this.#waiting.set(sessionId, [resolve]);
      if (this.#waiting.size === 1 && !others) setTimeout(() => this.#lookUp(), gatherForMs);
    });
  }

  #lookUp(): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    const found = this.#ask([...waiting.keys()]);
    for (const [id, resolvers] of waiting) {
      const actor = found.then((actors) => actors.get(id));
      for (const resolve of resolvers) resolve(actor);
    }
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
