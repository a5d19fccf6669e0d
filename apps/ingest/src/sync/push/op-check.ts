import { isSyncEntity, type SyncOp, syncLimits, syncOp, syncSchema, type Permission } from '@hms/contracts';
import { entities } from '../entities/registry.js';
import { upgraded } from '../entities/upgrade.js';
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
  try {
    return checked(raw, permissions);
  } catch {
    // Nested so deep that reading it exhausts the stack.
    return { raw: { seq: raw.seq, op: raw.op }, refusal: rejected('invalid', 'The change could not be read.') };
  }
}

function checked(raw: RawOp, permissions: ReadonlySet<Permission>): CheckedOp {
  const refuse = (...why: Parameters<typeof rejected>): CheckedOp => ({ raw, refusal: rejected(...why) });
  if (JSON.stringify(raw).length > syncLimits.opBytes) return refuse('too_large', 'A change holds at most 64 KiB.');
  const parsed = syncOp.safeParse(raw);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    return refuse('invalid', 'The change is not of the documented form.', errors);
  }
  const { entity: name } = parsed.data;
  if (!isSyncEntity(name)) return refuse('unknown_entity', `Nothing called ${name} is synced.`);
  const entity = entities[name];
  const op = upgraded(parsed.data, entity.upgrades ?? []);
  if (!permissions.has(entity.write)) return refuse('forbidden', `You may not change ${op.entity}.`);
  if (op.kind !== 'create' && op.kind !== 'update') return { raw, ready: op as ReadyOp, entity };
  const patch = checkedPatch(op, entity, permissions);
  if ('status' in patch) return { raw, refusal: patch };
  return { raw, ready: { ...op, patch: patch.fields } as ReadyOp, entity };
}

/** The patch in the form in which it is stored, or what is wrong with it. */
function checkedPatch(
  op: SyncOp,
  entity: Entity,
  permissions: ReadonlySet<Permission>,
): Refusal | { readonly fields: Readonly<Record<string, unknown>> } {
  if (op.patch === null) return rejected('invalid', 'patch is missing.');
  const errors: { field: string; message: string }[] = [];
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(op.patch)) {
    const field = Object.hasOwn(entity.fields, name) ? entity.fields[name] : undefined;
    if (!field?.accepts) {
      const newer = op.sv > syncSchema ? ' The app is newer than this server.' : '';
      return rejected('unknown_field', `${op.entity} have no field ${name} that could be set.${newer}`);
    }
    if (field.needs && !permissions.has(field.needs)) return rejected('forbidden', `You may not set ${name}.`);
    if (field.once && op.kind === 'update') errors.push({ field: name, message: 'is set once, when the row is made' });
    const parsed = field.accepts.safeParse(value);
    if (parsed.success) fields[name] = parsed.data;
    else errors.push({ field: name, message: parsed.error.issues[0]?.message ?? 'is not right' });
  }
  errors.push(...missingOf(op, entity).map((field) => ({ field, message: 'is missing' })));
  return errors.length > 0 ? rejected('invalid', 'Some fields are not right.', errors) : { fields };
}

const missingOf = ({ kind, patch }: SyncOp, { required }: Entity): readonly string[] =>
  kind === 'create' ? required.filter((name) => (patch?.[name] ?? null) === null) : [];
