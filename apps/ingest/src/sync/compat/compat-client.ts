import { AppError, commonError, syncSchema } from '@hms/contracts';
import { failureOf } from '../../database/failure.js';
import type { SyncActor } from '../access/sync-actor.js';
import type { QuietDevices } from '../devices/quiet-devices.js';
import type { PushAnswer, PushRequest, RequestSource, UnnumberedOps } from '../push/push-request.js';
import type { PushQueue } from '../push/push-queue.js';
import type { ReadAudit } from '../read-audit.js';

/** Who asks in somebody else's protocol, and from which registered device. */
export interface CompatClient {
  readonly actor: SyncActor;
  readonly deviceId: string;
  readonly source: RequestSource;
}

export interface ContactParts {
  readonly pushes: Pick<PushQueue, 'push'>;
  readonly quiet: Pick<QuietDevices, 'find'>;
  readonly audit: Pick<ReadAudit, 'appendRead'>;
}

const attempts = 3;
/** The attempt from which on the writer takes ops one by one, and refuses the one at which the server fails. */
const careful = 3;

/** What foreign clients share with our own: the device, its scope, the one way to write, the audit. */
export class Contacts {
  constructor(private readonly parts: ContactParts) {}

  /** How the device stands. @throws AppError of `syncErrors`, or 503 */
  async stand(client: CompatClient, purgedTo?: string): Promise<PushAnswer> {
    const quiet = purgedTo === undefined ? await this.parts.quiet.find(client.actor, client.deviceId) : undefined;
    return quiet ?? (await this.#push(client, { purgedTo }));
  }

  push(client: CompatClient, unnumbered: UnnumberedOps): Promise<PushAnswer> {
    return this.#push(client, { unnumbered });
  }

  /** Whose rows are sent. */
  auditRead({ actor, source }: CompatClient, entityIds: string[], patientIds: string[]): Promise<void> {
    return this.parts.audit.appendRead(actor, source, { entityIds, patientIds });
  }

  async #push(
    { actor, deviceId, source }: CompatClient,
    more: { readonly unnumbered?: UnnumberedOps; readonly purgedTo?: string | undefined },
  ): Promise<PushAnswer> {
    const always = { schemaVersion: syncSchema, app: undefined, ops: [], purgedTo: undefined, skewMs: undefined };
    const push: Omit<PushRequest, 'attempt'> = { actor, deviceId, source, ...always, ...more };
    let attempt = 1;
    for (let left = attempts - 1; ; left--) {
      try {
        return await this.parts.pushes.push({ ...push, attempt });
      } catch (err) {
        if (err instanceof AppError) throw err;
        if (left === 0) throw commonError('service.unavailable', { cause: err });
        // Nobody counts for these clients how often they tried: what fails otherwise fails at one of the ops.
        if (!['lost', 'transient'].includes(failureOf(err))) attempt = careful;
      }
    }
  }
}
