import { Injectable } from '@nestjs/common';
import { HospitalDatabase } from '@hms/database';

/** Each method deletes a part of what is due, and returns how much: repeat it until there is nothing left. */
@Injectable()
export class SignInCleanupRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /**
   * Of up to `limit` sessions that ended before: a session's tokens name each other, so they go together, and until it
   * has ended each of them tells a thief.
   */
  deleteTokens(endedBefore: Date, limit: number): Promise<number> {
    return this.database.publicClient.$executeRaw`
      delete from public.refresh_token where session_id in (
        select s.id from public.session s
         where least(s.revoked_at, s.expires_at) < ${endedBefore}
           and exists (select from public.refresh_token t where t.session_id = s.id)
         order by least(s.revoked_at, s.expires_at) limit ${limit})`;
  }

  deleteSessions(endedBefore: Date, limit: number): Promise<number> {
    return this.database.publicClient.$executeRaw`
      delete from public.session where id in (
        select s.id from public.session s
         where least(s.revoked_at, s.expires_at) < ${endedBefore}
           and not exists (select from public.refresh_token t where t.session_id = s.id)
         order by least(s.revoked_at, s.expires_at) limit ${limit})`;
  }

  deleteInvitations(endedBefore: Date, limit: number): Promise<number> {
    return this.database.publicClient.$executeRaw`
      delete from public.invitation where id in (
        select id from public.invitation
         where least(accepted_at, revoked_at, expires_at) < ${endedBefore} limit ${limit})`;
  }
}
