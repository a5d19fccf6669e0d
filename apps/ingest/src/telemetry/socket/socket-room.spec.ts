import { expect, it } from '@jest/globals';
import { Hospital } from '../../hospitals/hospital.js';
import { SocketRoom } from './socket-room.js';

it('a hospital has a quarter of the sockets while others have some, and leaves room for one that begins', () => {
  const room = new SocketRoom(8);
  const open = (hospital: Hospital, times: number): (string | undefined)[] =>
    Array.from({ length: times }, () => {
      const refusal = room.refusal(hospital);
      if (!refusal) room.opened(hospital);
      return refusal?.code;
    });
  const [north, south, east] = ['north', 'south', 'east'].map((slug) => new Hospital(`id-${slug}`, slug));
  if (!north || !south || !east) throw new Error('three hospitals');
  expect(open(north, 7)).toEqual([...Array<undefined>(6).fill(undefined), 'telemetry.over-share']);
  expect(open(south, 3)).toEqual([undefined, undefined, 'telemetry.over-share']);
  expect(open(east, 1)).toEqual(['service.busy']);
  for (let i = 0; i < 5; i += 1) room.closed(north);
  expect([open(north, 2), open(east, 1), room.size]).toEqual([[undefined, 'telemetry.over-share'], [undefined], 5]);
});
