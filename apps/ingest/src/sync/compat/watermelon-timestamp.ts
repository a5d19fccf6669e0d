/**
 * WatermelonDB knows how far it is by one number: a position of the feed, and the number of the replica it was pulled for.
 * Integers are exact up to 2^53, so there is room for 2^37 positions.
 */
export interface PulledAt {
  readonly pos: number;
  readonly replica: number;
}

const replicas = 2 ** 16;

export const timestampOf = ({ pos, replica }: PulledAt): number => pos * replicas + replica;

export const pulledAt = (timestamp: number): PulledAt => ({
  pos: Math.floor(timestamp / replicas),
  replica: timestamp % replicas,
});
