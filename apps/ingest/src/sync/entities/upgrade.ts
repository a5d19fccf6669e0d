import type { SyncOp } from '@hms/contracts';

type Patch = NonNullable<SyncOp['patch']>;

/** How a patch that was made under an older schema is said in this one. */
export interface Upgrade {
  /** The first schema in which it is said so. */
  readonly sv: number;
  patch(old: Patch): Patch;
}

/**
 * The op as the app of today would have made it. Each op has the schema of when it was made: a phone that was away while its
 * app was replaced sends some of both.
 *
 * @param upgrades in the order of their schemas
 */
export function upgraded<Op extends Pick<SyncOp, 'sv' | 'patch' | 'was'>>(op: Op, upgrades: readonly Upgrade[]): Op {
  const missed = upgrades.filter(({ sv }) => sv > op.sv);
  const said = (before: Patch | null): Patch | null =>
    before && missed.reduce((patch, upgrade) => upgrade.patch(patch), before);
  return { ...op, patch: said(op.patch), was: said(op.was) };
}
