import { Injectable } from '@nestjs/common';
import { HospitalDatabase, PublicPrisma } from '@hms/database';

/** The last session of a page, in the order of their ends. */
export interface SessionPlace {
  /** As PostgreSQL writes it: a `Date` would lose microseconds, and with them sessions. */
  readonly endedAt: string;
  readonly id: string;
}

/** Hashed, as the database keeps it. */
export type InvitationToken = Uint8Array<ArrayBuffer>;

/**
 * Each method takes one page of `limit` rows after a place, deletes what is due of them, and says after what the next
 * page begins; undefined when there is none. So all pages together look at every row once.
 */
@Injectable()
export class SignInCleanupRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** A session's tokens name each other, so they go together, and until it has ended each of them tells a thief. */
  async deleteTokens(endedBefore: Date, limit: number, after?: SessionPlace): Promise<SessionPlace | undefined> {
    const [last] = await this.database.publicClient.$queryRaw<SessionPlace[]>`
      with page as (${sessionsEnded(endedBefore, limit, after)}),
      deleted as (delete from public.refresh_token t using page where t.session_id = page.id)
      ${lastSession}`;
    return last;
  }

  /** Those whose tokens are gone. */
  async deleteSessions(endedBefore: Date, limit: number, after?: SessionPlace): Promise<SessionPlace | undefined> {
    const [last] = await this.database.publicClient.$queryRaw<SessionPlace[]>`
      with page as (${sessionsEnded(endedBefore, limit, after)}),
      deleted as (
        delete from public.session s using page
         where s.id = page.id and not exists (select from public.refresh_token t where t.session_id = s.id))
      ${lastSession}`;
    return last;
  }

  /** No index knows when invitations ended, so this pages through all of them. */
  async deleteInvitations(endedBefore: Date, limit: number, after = noToken): Promise<InvitationToken | undefined> {
    const [last] = await this.database.publicClient.$queryRaw<{ token: InvitationToken }[]>`
      with page as (
        select token_hash from public.invitation where token_hash > ${after} order by token_hash limit ${limit}),
      deleted as (
        delete from public.invitation i using page
         where i.token_hash = page.token_hash and least(i.accepted_at, i.revoked_at, i.expires_at) < ${endedBefore})
      select token_hash as token from page order by token_hash desc limit 1`;
    return last?.token;
  }
}

const noToken: InvitationToken = new Uint8Array();
const beforeAll: SessionPlace = { endedAt: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

const sessionsEnded = (before: Date, limit: number, after = beforeAll): PublicPrisma.Sql => PublicPrisma.sql`
  select id, least(revoked_at, expires_at) as ended_at from public.session
   where least(revoked_at, expires_at) < ${before}
     and (least(revoked_at, expires_at), id) > (${after.endedAt}::timestamptz, ${after.id}::uuid)
   order by least(revoked_at, expires_at), id limit ${limit}`;
const lastSession = PublicPrisma.sql`
  select ended_at::text as "endedAt", id from page order by ended_at desc, id desc limit 1`;
