import type { SyncOp } from '@hms/contracts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Whom an op is about, as far as it says so itself; empty when it does not. */
export const patientIdOf = ({ entity, id, patch }: Pick<SyncOp, 'entity' | 'id' | 'patch'>): string =>
  entity === 'patients' ? id : text(patch?.['patientId']);

export const parentIdOf = ({ patch }: Pick<SyncOp, 'patch'>): string => text(patch?.['parentId']);
