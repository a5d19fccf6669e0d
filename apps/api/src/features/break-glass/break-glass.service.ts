import { Injectable } from '@nestjs/common';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import type { HospitalActor } from '../../platform/access/actor.js';
import { SessionRepository } from '../../platform/access/session.repository.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { eventBy } from '../../platform/events/new-event.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { decodeKeys } from '../../platform/http/keyset.js';
import { toPage, type Page } from '../../platform/http/page.js';
import { patientError } from '../patients/patients.errors.js';
import type {
  BreakGlassDto,
  ListBreakGlassQueryDto,
  OpenBreakGlassDto,
  ReviewBreakGlassDto,
} from './break-glass.dto.js';
import { breakGlassError } from './break-glass.errors.js';
import { assertFreshProof, maxMinutes, statusOf, timesOf } from './break-glass.policy.js';
import { BreakGlassRepository, type BreakGlassRow } from './break-glass.repository.js';

/** Access past the limits of one's wards: to one patient, for a time, with a reason that somebody else reviews. */
@Injectable()
export class BreakGlassService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly grants: BreakGlassRepository,
    private readonly sessions: SessionRepository,
    private readonly outbox: Outbox,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Needs nothing but PostgreSQL.
   * @throws `break-glass.not-needed`, `break-glass.second-factor-missing`, `break-glass.proof-required`,
   * `break-glass.already-open` or `patient.not-found`
   */
  async open(
    actor: HospitalActor,
    patientId: string,
    command: OpenBreakGlassDto,
    now = new Date(),
  ): Promise<BreakGlassDto> {
    const { userId, sessionId } = actor;
    const { reasonCode, justification, minutes = maxMinutes } = command;
    const proof = await this.sessions.findProof(sessionId);
    const opened = await this.unitOfWork
      .inHospital(actor, async (tx) => {
        if (!(await this.grants.hasPatient(tx, patientId))) throw patientError('patient.not-found');
        if (actor.wardIds === undefined) throw breakGlassError('break-glass.not-needed');
        assertFreshProof(proof, now);
        const grant = { patientId, userId, sessionId, reasonCode, justification, ...timesOf(now, minutes) };
        const row = await this.grants.insert(tx, grant);
        if (!row) throw new AlreadyOpen();
        await this.outbox.add(tx, eventBy(actor, 'break-glass.opened', { id: row.id, patientId }));
        return toBreakGlassDto(row, now);
      })
      .catch((err: unknown) => {
        if (err instanceof AlreadyOpen) return undefined;
        throw err;
      });
    if (opened) return opened;
    // The transaction of a refused insert is lost: what stands in the way is looked up in another one.
    const inTheWay = await this.database.readInHospital(actor.hospital, (tx) =>
      this.grants.findInTheWay(tx, userId, now),
    );
    throw breakGlassError('break-glass.already-open', inTheWay ? { members: { breakGlassId: inTheWay.id } } : {});
  }

  /** The grant by which the actor reaches this patient now. Asked of the database each time: it ends on time. */
  async runningFor(
    { hospital, userId, wardIds }: HospitalActor,
    patientId: string,
    now = new Date(),
  ): Promise<string | undefined> {
    if (wardIds === undefined) return undefined;
    const grant = await this.database.readInHospital(hospital, (tx) =>
      this.grants.findRunning(tx, { userId, patientId }, now),
    );
    return grant?.id;
  }

  list({ hospital }: HospitalActor, { status, limit, cursor }: ListBreakGlassQueryDto): Promise<Page<BreakGlassDto>> {
    const now = new Date();
    const before = cursor === undefined ? undefined : decodeKeys(cursor, { id: 'uuid' }).id;
    return this.database.readInHospital(hospital, async (tx) => {
      const rows = await this.grants.list(tx, { status, before, now, take: limit + 1 });
      return toPage(
        rows,
        limit,
        (row) => toBreakGlassDto(row, now),
        ({ id }) => [id],
      );
    });
  }

  /** Ends one's own access before its time. @throws `break-glass.not-found` or `break-glass.ended` */
  close(actor: HospitalActor, id: string, now = new Date()): Promise<BreakGlassDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const grant = await this.#require(tx, id);
      if (grant.userId !== actor.userId) throw breakGlassError('break-glass.not-found');
      if (!(await this.grants.close(tx, id, now))) throw breakGlassError('break-glass.ended');
      return toBreakGlassDto(await this.#require(tx, id), now);
    });
  }

  /** @throws `break-glass.not-found`, `break-glass.own-review` or `break-glass.reviewed` */
  review(actor: HospitalActor, id: string, { outcome, note }: ReviewBreakGlassDto): Promise<BreakGlassDto> {
    const now = new Date();
    return this.unitOfWork.inHospital(actor, async (tx) => {
      const grant = await this.#require(tx, id);
      if (grant.userId === actor.userId) throw breakGlassError('break-glass.own-review');
      const reviewed = await this.grants.review(tx, id, { by: actor.userId, outcome, note, now });
      if (!reviewed) throw breakGlassError('break-glass.reviewed');
      return toBreakGlassDto(await this.#require(tx, id), now);
    });
  }

  async #require(tx: TenantTx, id: string): Promise<BreakGlassRow> {
    const grant = await this.grants.find(tx, id);
    if (!grant) throw breakGlassError('break-glass.not-found');
    return grant;
  }
}

/** Undoes the transaction of an opening that another one excludes. */
class AlreadyOpen extends Error {}

function toBreakGlassDto(row: BreakGlassRow, now: Date): BreakGlassDto {
  const { openedAt, expiresAt, closedAt, reviewDueAt, reviewedAt, ...others } = row;
  return {
    ...others,
    status: statusOf(row, now),
    openedAt: openedAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    closedAt: closedAt?.toISOString() ?? null,
    reviewDueAt: reviewDueAt.toISOString(),
    overdue: reviewedAt === null && now > reviewDueAt,
    reviewedAt: reviewedAt?.toISOString() ?? null,
  };
}
