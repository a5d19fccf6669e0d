import { createHash } from 'node:crypto';

/** The moment all ids of demo data claim to be from: 1 January 2025, UTC. */
const epoch = Date.UTC(2025, 0, 1);

/** A UUIDv7 that is the same for the same name, so that seeding again finds what it made before. */
export function stableId(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16);
  bytes.writeUIntBE(epoch, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
