import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';
import { uuidv7 } from 'uuidv7';

export type PushPlatform = 'android' | 'ios' | 'web';

export interface PushTokenRow {
  readonly id: string;
  readonly platform: string;
  readonly registeredAt: Date;
}

/** Nobody uses more; each would be one more push for every notification. Those registered longest ago go first. */
const maxPerUser = 20;

@Injectable()
export class PushTokensRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Whoever registers a token last has it: one id for one owner, so that nothing meant for the one before is sent there. */
  async register(tx: PublicTx, userId: string, token: string, platform: PushPlatform): Promise<PushTokenRow> {
    const [row] = await tx.$queryRaw<PushTokenRow[]>`
      insert into public.push_token as t (id, user_id, token, platform)
      values (${uuidv7()}::uuid, ${userId}::uuid, ${token}, ${platform})
      on conflict (token) do update
         set id = case when t.user_id = excluded.user_id then t.id else excluded.id end,
             user_id = excluded.user_id, platform = excluded.platform, registered_at = now(),
             deactivated_at = null, deactivated_reason = null
      returning id, platform, registered_at as "registeredAt"`;
    if (!row) throw new Error('a token was not registered');
    await tx.$executeRaw`
      update public.push_token set deactivated_at = now(), deactivated_reason = 'signed-out'
       where id in (select id from public.push_token where user_id = ${userId}::uuid and deactivated_at is null
                     order by registered_at desc, id offset ${maxPerUser})`;
    return row;
  }

  /** Ids of those that were active. */
  async signOut(tx: PublicTx, userId: string, token: string | undefined): Promise<string[]> {
    const rows = await tx.pushToken.updateManyAndReturn({
      where: { userId, deactivatedAt: null, ...(token === undefined ? {} : { token }) },
      data: { deactivatedAt: new Date(), deactivatedReason: 'signed-out' },
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  }

  async findActive(userId: string, id: string): Promise<string | undefined> {
    const where = { id, userId, deactivatedAt: null };
    return (await this.database.publicClient.pushToken.findFirst({ where, select: { token: true } }))?.token;
  }

  /** The provider says that the installation is gone. */
  async noteUnregistered(id: string, token: string): Promise<void> {
    await this.database.publicClient.pushToken.updateMany({
      where: { id, token, deactivatedAt: null },
      data: { deactivatedAt: new Date(), deactivatedReason: 'unregistered' },
    });
  }
}
