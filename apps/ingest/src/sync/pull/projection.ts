import { createHash } from 'node:crypto';
import { type Permission, syncSchema } from '@hms/contracts';
import type { Entity, Field } from '../entities/entity.js';

/** What of an entity somebody may see, and a short name for it: when the name changes, rows have to be sent anew. */
export interface Projection {
  readonly fields: Readonly<Record<string, Field>>;
  readonly id: string;
}

/** By the rights of a session, which are asked about for every row it is shown. */
const known = new WeakMap<ReadonlySet<Permission>, Map<Entity, Projection>>();

export function projectionOf(entity: Entity, permissions: ReadonlySet<Permission>): Projection {
  let own = known.get(permissions);
  if (!own) known.set(permissions, (own = new Map<Entity, Projection>()));
  let projection = own.get(entity);
  if (!projection) own.set(entity, (projection = drawn(entity, permissions)));
  return projection;
}

function drawn(entity: Entity, permissions: ReadonlySet<Permission>): Projection {
  const visible = Object.entries(entity.fields).filter(
    ([, { needs }]) => needs === undefined || permissions.has(needs),
  );
  const names = visible.map(([name]) => name).join(' ');
  const id = createHash('sha256').update(`${syncSchema} ${entity.name} ${names}`).digest('base64url').slice(0, 8);
  return { fields: Object.fromEntries(visible), id };
}
