import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';

/** More than anybody uses; the one used longest ago gives way. */
const devicesPerUser = 20;

@Injectable()
export class KnownDevicesRepository {
  constructor(private readonly database: HospitalDatabase) {}

  async isKnown(userId: string, tokenHash: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const device = await this.database.publicClient.knownDevice.findFirst({
      where: { tokenHash, userId },
      select: { tokenHash: true },
    });
    return device !== null;
  }

  async touch(userId: string, tokenHash: Uint8Array<ArrayBuffer>, now: Date): Promise<boolean> {
    const { count } = await this.database.publicClient.knownDevice.updateMany({
      where: { tokenHash, userId },
      data: { lastUsedAt: now },
    });
    return count > 0;
  }

  async forgetAll(tx: PublicTx, userId: string): Promise<void> {
    await tx.knownDevice.deleteMany({ where: { userId } });
  }

  async add(userId: string, tokenHash: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.database.publicClient.knownDevice.create({ data: { userId, tokenHash } });
    await this.database.publicClient.$executeRaw`
      delete from public.known_device where token_hash in (
        select token_hash from public.known_device where user_id = ${userId}::uuid
        order by last_used_at desc offset ${devicesPerUser})`;
  }
}
