import type { AlarmState } from '@hms/contracts';

/** What is done about an alarm; `resolve` by a person, or because its condition ended. */
export type AlarmMove = 'notify' | 'acknowledge' | 'resolve';

const moves: Readonly<Record<AlarmState, Readonly<Partial<Record<AlarmMove, AlarmState>>>>> = {
  // Ingest raises it or forgets it.
  pending: {},
  raised: { notify: 'notified', acknowledge: 'acknowledged', resolve: 'resolved' },
  notified: { acknowledge: 'acknowledged', resolve: 'resolved' },
  acknowledged: { resolve: 'resolved' },
  resolved: {},
};

/** The state a move leads to; undefined where it cannot be made. */
export const afterMove = (from: AlarmState, move: AlarmMove): AlarmState | undefined => moves[from][move];

/** Whether somebody still has to do something about it, or has said that they will. */
export const isOpen = (state: AlarmState): boolean => state !== 'resolved';
