import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type PublicTx } from '@hms/database';

export interface Spraying {
  readonly kind: 'password' | 'address';
  /** Accounts it was tried on within ten minutes. */
  readonly accounts: number;
  /** Seen for the first time. */
  readonly fresh: boolean;
}

@Injectable()
export class PasswordSprayingRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /**
   * Finds passwords and addresses that failed at so many accounts within ten minutes, whether these exist or not, and
   * remembers them for another 15 minutes.
   */
  detect(tx: PublicTx, accounts: { password: number; address: number }): Promise<Spraying[]> {
    return tx.$queryRaw<Spraying[]>`
      with recent as (select * from public.login_failure where failed_at > now() - interval '10 minutes'),
      found as (
        select 'password' as kind, encode(fingerprint, 'hex') as value, count(distinct subject)::int as accounts
        from recent group by fingerprint having count(distinct subject) >= ${accounts.password}
        union all
        select 'address', address, count(distinct subject)::int
        from recent group by address having count(distinct subject) >= ${accounts.address}
      )
      insert into public.login_spray (kind, value, accounts, until)
      select kind, value, accounts, now() + interval '15 minutes' from found
      on conflict (kind, value) do update set accounts = excluded.accounts, until = excluded.until
      returning kind, accounts, (xmax = 0) as fresh`;
  }

  /** Deletes what no decision needs any more. */
  async forget(): Promise<void> {
    const { publicClient } = this.database;
    await publicClient.$executeRaw`delete from public.login_spray where until < now()`;
    await publicClient.$executeRaw`delete from public.login_failure where failed_at < now() - interval '30 minutes'`;
    await publicClient.$executeRaw`
      delete from public.login_throttle where not known and failed_at < now() - interval '30 days'`;
    await publicClient.$executeRaw`
      delete from public.known_device where last_used_at < now() - interval '180 days'`;
  }
}
