import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';

type Bytes = Uint8Array<ArrayBuffer>;

/** Which failures in a row are counted together. */
export interface Counter {
  readonly purpose: string;
  readonly subject: Bytes;
  /** Empty for strangers. */
  readonly device: Bytes;
  /** Is there such an account? */
  readonly known: boolean;
}

export interface Failure {
  readonly subject: Bytes;
  readonly address: string;
  readonly fingerprint: Bytes;
}

/** Each statement commits by itself: what was tried stays counted whatever becomes of the request. */
@Injectable()
export class LoginThrottleRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /**
   * Counts a try as failed before it is judged, unless the counter is locked: of any number of concurrent tries no more
   * get through than of tries one after another. The fifth failure locks for 1 minute, each further one twice as long
   * up to 15, the hundredth for ever.
   */
  async admit({ purpose, subject, device, known }: Counter): Promise<boolean> {
    const admitted = await this.database.publicClient.$executeRaw`
      insert into public.login_throttle as t (purpose, subject, device, known)
      values (${purpose}, ${subject}, ${device}, ${known})
      on conflict (purpose, subject, device) do update set
        failures = t.failures + 1,
        failed_at = now(),
        locked_until = case
          when t.failures + 1 >= 100 then 'infinity'::timestamptz
          when t.failures + 1 >= 5 then now() + least(900, 60 * 2 ^ (t.failures + 1 - 5)) * interval '1 second'
          else t.locked_until
        end
      where t.locked_until <= now()`;
    return admitted > 0;
  }

  /** Until the lock opens; undefined when only a reset opens it. */
  async secondsLocked({ purpose, subject, device }: Counter): Promise<number | undefined> {
    const [row] = await this.database.publicClient.$queryRaw<{ seconds: number | null }[]>`
      select case when isfinite(locked_until) then ceil(extract(epoch from locked_until - now()))::int end as seconds
      from public.login_throttle where purpose = ${purpose} and subject = ${subject} and device = ${device}`;
    return row?.seconds ?? undefined;
  }

  async succeed({ purpose, subject, device }: Counter): Promise<void> {
    await this.database.publicClient.loginThrottle.deleteMany({ where: { purpose, subject, device } });
  }

  /** Gives back a try that was never judged. */
  async release({ purpose, subject, device }: Counter): Promise<void> {
    await this.database.publicClient.$executeRaw`
      update public.login_throttle set failures = failures - 1, locked_until = least(locked_until, now())
      where purpose = ${purpose} and subject = ${subject} and device = ${device} and failures > 0`;
  }

  async reset(subject: Bytes, purpose: string): Promise<void> {
    await this.database.publicClient.loginThrottle.deleteMany({ where: { subject, purpose } });
  }

  async recordFailure(failure: Failure): Promise<void> {
    await this.database.publicClient.loginFailure.create({ data: failure });
  }

  /**
   * Is this guess being tried on many accounts? An address is refused to nobody: names cost nothing to invent, and behind
   * one address may be a whole hospital.
   */
  async isSprayed(fingerprint: string): Promise<boolean> {
    const spray = await this.database.publicClient.loginSpray.findFirst({
      where: { until: { gt: new Date() }, kind: 'password', value: fingerprint },
      select: { kind: true },
    });
    return spray !== null;
  }
}
