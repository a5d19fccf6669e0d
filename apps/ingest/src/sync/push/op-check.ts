import { isSyncEntity, type SyncOp, syncLimits, syncOp, syncSchema, type Permission } from '@hms/contracts';
import { entities } from '../entities/registry.js';
import { type Entity, type ReadyOp, rejected, type Refusal } from '../entities/entity.js';

/** An op as it came: only its number and its id are known to be good. */
export interface RawOp {
  readonly seq: number;
  readonly op: string;
  readonly [member: string]: unknown;
}

/** An op that can be looked at, or why it cannot. */
export type CheckedOp =
  | { readonly raw: RawOp; readonly ready: ReadyOp; readonly entity: Entity }
  | { readonly raw: RawOp; readonly refusal: Refusal };

/** What can be said of an op without asking the database. */
export function checkOp(raw: RawOp, permissions: ReadonlySet<Permission>): CheckedOp {
  const refuse = (...why: Parameters<typeof rejected>): CheckedOp => ({ raw, refusal: rejected(...why) });
  if (JSON.stringify(raw).length > syncLimits.opBytes) return refuse('too_large', 'A change holds at most 64 KiB.');
  const parsed = syncOp.safeParse(raw);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    return refuse('invalid', 'The change is not of the documented form.', errors);
  }
  const op = parsed.data;
  if (!isSyncEntity(op.entity)) return refuse('unknown_entity', `Nothing called ${op.entity} is synced.`);
  const entity = entities[op.entity];
  if (!permissions.has(entity.write)) return refuse('forbidden', `You may not change ${op.entity}.`);
  const refusal = op.kind === 'create' || op.kind === 'update' ? refusalOfPatch(op, entity, permissions) : undefined;
  return refusal ? { raw, refusal } : { raw, ready: op as ReadyOp, entity };
}

function refusalOfPatch(op: SyncOp, entity: Entity, permissions: ReadonlySet<Permission>): Refusal | undefined {
  const patch = op.patch;
  if (patch === null) return rejected('invalid', 'patch is missing.');
  const errors: { field: string; message: string }[] = [];
  for (const [name, value] of Object.entries(patch)) {
    const field = Object.hasOwn(entity.fields, name) ? entity.fields[name] : undefined;
    if (!field?.accepts) {
      const newer = op.sv > syncSchema ? ' The app is newer than this server.' : '';
      return rejected('unknown_field', `${op.entity} have no field ${name} that could be set.${newer}`);
    }
    if (field.needs && !permissions.has(field.needs)) return rejected('forbidden', `You may not set ${name}.`);
    if (field.once && op.kind === 'update') errors.push({ field: name, message: 'is set once, when the row is made' });
    const issue = field.accepts.safeParse(value).error?.issues[0];
    if (issue) errors.push({ field: name, message: issue.message });
  }
  const missing = op.kind === 'create' ? entity.required.filter((name) => (patch[name] ?? null) === null) : [];
  errors.push(...missing.map((field) => ({ field, message: 'is missing' })));
  return errors.length > 0 ? rejected('invalid', 'Some fields are not right.', errors) : undefined;
}
