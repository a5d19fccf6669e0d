import { Injectable } from '@nestjs/common';
import { commonError, type BedStatus } from '@hms/contracts';
import { HospitalDatabase, type TenantTx } from '@hms/database';
import { coversWard, type HospitalActor } from '../../../platform/access/actor.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { eventBy } from '../../../platform/events/new-event.js';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { decodeKeys } from '../../../platform/http/keyset.js';
import { toPage, type Page, type PageQueryDto } from '../../../platform/http/page.js';
import { presentFields } from '../../../platform/http/patch.js';
import { WardsService } from '../../wards/wards.service.js';
import { inpatientError } from '../inpatient.errors.js';
import type { BedsQueryDto, BedStateDto, CreateRoomDto, RoomDto, UpdateBedDto } from './beds.dto.js';
import { BedsRepository, type BedRow } from './beds.repository.js';

/** Which bed a request is about, and which version of it was read. */
export interface BedVersion {
  readonly id: string;
  readonly version: number;
}

@Injectable()
export class BedsService {
  constructor(
    private readonly database: HospitalDatabase,
    private readonly unitOfWork: UnitOfWork,
    private readonly beds: BedsRepository,
    private readonly wards: WardsService,
    private readonly outbox: Outbox,
  ) {}

  /** Of the wards the actor works on, by ward and label. */
  list(actor: HospitalActor, { limit, cursor, ...filter }: BedsQueryDto): Promise<Page<BedStateDto>> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { wardId: 'uuid', label: 'text' });
    return this.database.readInHospital(actor.hospital, async (tx) => {
      const rows = await this.beds.list(tx, { ...filter, within: actor.wardIds }, after, limit + 1);
      return toPage(rows, limit, toBedStateDto, ({ wardId, label }) => [wardId, label]);
    });
  }

  /** @throws `bed.not-found` */
  get(actor: HospitalActor, id: string): Promise<BedStateDto> {
    return this.database.readInHospital(actor.hospital, async (tx) => toBedStateDto(await this.require(tx, actor, id)));
  }

  /** @throws `bed.not-found`, `precondition.failed`, `bed.in-use` or `request.invalid` */
  change(actor: HospitalActor, bed: BedVersion, command: UpdateBedDto): Promise<BedStateDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.require(tx, actor, bed.id);
      const isChanged = await this.beds.change(tx, bed, presentFields({ ...command }), actor.userId);
      if (!isChanged) throw commonError('precondition.failed');
      return this.#tell(tx, actor, bed.id);
    });
  }

  /** It is clean, or fit for use again. @throws `bed.not-found` or `bed.illegal-move` */
  makeAvailable(actor: HospitalActor, id: string, from: 'cleaning' | 'blocked'): Promise<BedStateDto> {
    return this.#move(actor, id, { to: 'available', from });
  }

  /** Nobody is to lie in it for that reason. @throws `bed.not-found` or `bed.illegal-move` */
  block(actor: HospitalActor, id: string, reason: string): Promise<BedStateDto> {
    return this.#move(actor, id, { to: 'blocked', reason });
  }

  listRooms(actor: HospitalActor, wardId: string, { limit, cursor }: PageQueryDto): Promise<Page<RoomDto>> {
    const after = cursor === undefined ? undefined : decodeKeys(cursor, { text: 'text' }).text;
    return this.database.readInHospital(actor.hospital, async (tx) => {
      await this.wards.require(tx, actor, wardId);
      return toPage(
        await this.beds.listRooms(tx, wardId, after, limit + 1),
        limit,
        (room) => room,
        ({ name }) => [name],
      );
    });
  }

  /** @throws `ward.not-found` or `room.name-taken` */
  createRoom(actor: HospitalActor, wardId: string, { name }: CreateRoomDto): Promise<RoomDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.wards.require(tx, actor, wardId);
      const room = await this.beds.insertRoom(tx, { wardId, name, createdBy: actor.userId });
      await this.outbox.add(tx, eventBy(actor, 'room.created', { id: room.id, wardId }));
      return room;
    });
  }

  /** @throws `bed.not-found` for a bed that does not exist or that is on a ward the actor does not work on */
  async require(tx: TenantTx, actor: HospitalActor, id: string): Promise<BedRow> {
    const bed = await this.beds.find(tx, id);
    if (!bed || !coversWard(actor, bed.wardId)) throw inpatientError('bed.not-found');
    return bed;
  }

  #move(
    actor: HospitalActor,
    id: string,
    { to, from, reason }: { to: BedStatus; from?: BedStatus; reason?: string },
  ): Promise<BedStateDto> {
    return this.unitOfWork.inHospital(actor, async (tx) => {
      await this.beds.lock(tx, [id]);
      const { status } = await this.require(tx, actor, id);
      const move = { to, by: actor.userId, ...(reason === undefined ? {} : { reason }) };
      const isOther = from !== undefined && from !== status;
      if (isOther || !(await this.beds.move(tx, id, move)))
        throw inpatientError('bed.illegal-move', { detail: `It is ${status}, not to be ${to}` });
      return this.#tell(tx, actor, id);
    });
  }

  async #tell(tx: TenantTx, actor: HospitalActor, id: string): Promise<BedStateDto> {
    const bed = await this.require(tx, actor, id);
    await this.outbox.add(tx, eventBy(actor, 'bed.changed', { id, wardId: bed.wardId, version: bed.version }));
    return toBedStateDto(bed);
  }
}

export const toBedStateDto = (bed: BedRow): BedStateDto => ({ ...bed });
