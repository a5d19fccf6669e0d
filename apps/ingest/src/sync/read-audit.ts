import { Joined } from '../database/joined.js';
import type { Lane } from '../database/lane.js';
import type { SyncActor } from './access/sync-actor.js';
import type { Pulled } from './pull/page.js';
import type { RequestSource } from './push/push-request.js';
import { type HospitalAudit, type SyncAudit, type SyncedThing, writeAudit } from './sync-audit.js';

/** Whose rows were sent to whom, in the audit before they are. */
export class ReadAudit {
  readonly #rows: Joined<HospitalAudit>;

  constructor(
    lane: Pick<Lane, 'query'>,
    private readonly audit: SyncAudit,
  ) {
    this.#rows = new Joined(async (all) => {
      await lane.query((sql) => writeAudit(sql, all));
    });
  }

  /** @throws what the database threw: then nothing may be sent */
  append(actor: SyncActor, source: RequestSource, { patientIds, changes }: Pulled): Promise<void> {
    return this.appendRead(actor, source, { entityIds: [...changes.keys()], patientIds });
  }

  /** The same, of rows that were not simply pulled. */
  async appendRead(
    actor: SyncActor,
    source: RequestSource,
    { entityIds, patientIds }: Pick<SyncedThing, 'entityIds' | 'patientIds'>,
  ): Promise<void> {
    if (patientIds.length === 0) return;
    const read = {
      action: 'read',
      entity: 'sync',
      entityIds,
      patientIds,
      outcome: 'success',
      reason: null,
    } as const;
    await this.#rows.add(this.audit.sealed(actor, source, [read]));
  }
}
