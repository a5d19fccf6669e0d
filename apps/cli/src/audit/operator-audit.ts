import { userInfo } from 'node:os';
import {
  AuditKeys,
  canonicalText,
  insertedColumns,
  sealedValues,
  toRow,
  type AuditAction,
  type AuditEvent,
} from '@hms/audit';
import { OperatorError } from '@hms/database';
import { parseEnv } from '@hms/service-kit';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';

export interface OperatorDeed {
  readonly action: AuditAction;
  /** Kind of record, such as `hospital`. */
  readonly entity: string;
  readonly entityIds: readonly string[];
  /** The command, such as `hms hospital suspend`. */
  readonly operation: string;
}

const Env = z.object({ AUDIT_KEYS_FILE: z.string().min(1) });

/** Records in the platform's audit what is done past the API, and which user of this machine did it. */
export class OperatorAudit {
  private constructor(private readonly keys: AuditKeys) {}

  /** @throws OperatorError without the keys of the audit: nothing is changed that leaves no row */
  static open(env: NodeJS.ProcessEnv): OperatorAudit {
    try {
      return new OperatorAudit(AuditKeys.read(parseEnv(Env, env).AUDIT_KEYS_FILE));
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      throw new OperatorError(`${cause.message}; changes are audited.`, { cause });
    }
  }

  /** In the transaction of the change, or before a change that has none: then the row tells of an attempt. */
  async record(owner: pg.ClientBase, deed: OperatorDeed): Promise<void> {
    const event = toEvent(deed);
    const seal = this.keys.seal(canonicalText(null, this.keys.sealingKeyId, sealedValues(event)));
    await owner.query(
      `insert into public.audit_event (${insertedColumns})
       select ${insertedColumns} from jsonb_populate_record(null::public.audit_event, $1::jsonb)`,
      [JSON.stringify(toRow(event, seal))],
    );
  }
}

const toEvent = (deed: OperatorDeed): AuditEvent => ({
  ...deed,
  id: uuidv7(),
  hospitalId: null,
  actorId: null,
  actorRoles: ['operator'],
  patientIds: [],
  outcome: 'success',
  reason: `operator ${osUser()}`.slice(0, 100),
  ip: null,
  userAgent: null,
  sessionId: null,
  requestId: null,
  breakGlass: null,
});

/** A container may run under a number without a name. */
function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${String(process.getuid?.() ?? '?')}`;
  }
}
