import { createHash } from 'node:crypto';
import { type Permission, syncSchema } from '@hms/contracts';
import type { Entity, Field } from '../entities/entity.js';

/** What of an entity somebody may see, and a short name for it: when the name changes, rows have to be sent anew. */
export interface Projection {
  readonly fields: Readonly<Record<string, Field>>;
  readonly id: string;
}

export function projectionOf(entity: Entity, permissions: ReadonlySet<Permission>): Projection {
  const visible = Object.entries(entity.fields).filter(
    ([, { needs }]) => needs === undefined || permissions.has(needs),
  );
  const names = visible.map(([name]) => name).join(' ');
  const id = createHash('sha256').update(`${syncSchema} ${entity.name} ${names}`).digest('base64url').slice(0, 8);
  return { fields: Object.fromEntries(visible), id };
}
