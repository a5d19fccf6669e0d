import { describe, expect, it } from '@jest/globals';
import { alarmStates, type AlarmState } from '@hms/contracts';
import { afterMove, type AlarmMove } from './alarm.states.js';

const moves: readonly AlarmMove[] = ['notify', 'acknowledge', 'resolve'];
const leading: Partial<Record<AlarmState, Partial<Record<AlarmMove, AlarmState>>>> = {
  raised: { notify: 'notified', acknowledge: 'acknowledged', resolve: 'resolved' },
  notified: { acknowledge: 'acknowledged', resolve: 'resolved' },
  acknowledged: { resolve: 'resolved' },
};

describe('the states of an alarm', () => {
  it.each(alarmStates.flatMap((from) => moves.map((move) => [from, move, leading[from]?.[move]] as const)))(
    'lead from %s by %s to %s',
    (from, move, to) => {
      expect(afterMove(from, move)).toBe(to);
    },
  );

  it('never lead back: what somebody answered for is not told again', () => {
    const order = ['pending', 'raised', 'notified', 'acknowledged', 'resolved'];
    for (const from of alarmStates)
      for (const move of moves) {
        const to = afterMove(from, move);
        if (to) expect(order.indexOf(to)).toBeGreaterThan(order.indexOf(from));
      }
  });
});
