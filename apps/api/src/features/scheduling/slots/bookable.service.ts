import { Injectable } from '@nestjs/common';
import { commonError, type AppError } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import { bookableAt, slotsOf, withAlong, type Bookable, type Range, type Slot, type Viewer } from '@hms/scheduling';
import { ResourcesRepository } from '../resources/resources.repository.js';
import { notUsable } from '../scheduling.errors.js';
import { SlotsRepository, type OfferedService, type ResourceHours, type Schedule } from './slots.repository.js';

export interface BookableQuery {
  readonly providerId: string | undefined;
  readonly doctorName: string | undefined;
  readonly serviceId: string | undefined;
  readonly start: Date;
  readonly resourceIds: readonly string[];
}

/** What a wish comes to, and how long the hospital holds times. */
export interface HoldableTime extends Bookable {
  readonly holdMinutes: number;
  readonly offerMinutes: number;
}

/** Finds out what a wish for an appointment comes to. */
@Injectable()
export class BookableService {
  constructor(
    private readonly schedules: SlotsRepository,
    private readonly resources: ResourcesRepository,
  ) {}

  /** @throws `request.invalid` for what is not there or not in use */
  async resolve(tx: TenantTx, viewer: Viewer, query: BookableQuery): Promise<HoldableTime> {
    const then = { from: query.start.getTime(), to: query.start.getTime() + 1 };
    const { provider, services, along } = await this.#schedule(tx, query, then);
    const offered = services.flatMap((service) =>
      withAlong(slotsOf(provider, service, then, viewer), service, along, then),
    );
    const { service, slot } = serviceOf(query, services, offered);
    const { holdMinutes, offerMinutes } = service;
    return { ...bookableAt({ provider, along, service, slot }, query.start), holdMinutes, offerMinutes };
  }

  async #schedule(
    tx: TenantTx,
    { providerId, doctorName, serviceId, resourceIds }: BookableQuery,
    then: Range,
  ): Promise<Omit<Schedule, 'providers'> & { provider: ResourceHours }> {
    const field = providerId === undefined && doctorName !== undefined ? 'doctorName' : 'providerId';
    const id = providerId ?? (await this.resources.findProviderNamed(tx, doctorName ?? ''))?.id;
    if (id === undefined) throw notUsable(field, 'provider');
    const { providers, ...found } = await this.schedules.find(
      tx,
      { providerId: id, serviceId, resourceIds },
      then,
      then,
    );
    const [provider] = providers;
    if (!provider) throw notUsable(field, 'provider');
    if (found.along.length !== resourceIds.length) throw notUsable('resourceIds', 'room or device');
    return { provider, ...found };
  }
}

/** The service that is named, or the only one that starts then. */
function serviceOf(
  { serviceId }: BookableQuery,
  services: readonly OfferedService[],
  offered: readonly Slot[],
): { service: OfferedService; slot: Slot | undefined } {
  const [slot] = offered;
  if (serviceId !== undefined) {
    const [service] = services;
    if (!service) throw notUsable('serviceId', 'service');
    return { service, slot };
  }
  const service = services.find(({ id }) => id === slot?.serviceId);
  if (!service || offered.length !== 1) throw ambiguous();
  return { service, slot };
}

const ambiguous = (): AppError =>
  commonError('request.invalid', {
    errors: [
      { field: 'serviceId', code: 'ambiguous', message: 'serviceId must name one of the services offered then' },
    ],
  });
