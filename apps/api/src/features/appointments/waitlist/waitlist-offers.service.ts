import { Injectable } from '@nestjs/common';
import { AppError } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import { Outbox } from '../../../platform/events/outbox.service.js';
import { Placing, TimeRefused } from '../placing.service.js';
import { WaitlistRepository, type Freed, type WaitlistRow } from './waitlist.repository.js';

/** How many are asked about one time: the worker has others to offer. */
const mostAsked = 20;

/** Offers times that came free. */
@Injectable()
export class WaitlistOffers {
  constructor(
    private readonly entries: WaitlistRepository,
    private readonly placing: Placing,
    private readonly outbox: Outbox,
  ) {}

  /** Holds the time for whoever has waited longest for one like it and may have it, unless somebody was faster. */
  async offer(tx: TenantTx, freed: Freed): Promise<void> {
    if (freed.start.getTime() <= Date.now()) return;
    const asked: string[] = [];
    while (asked.length < mostAsked) {
      const entry = await this.entries.lockFirst(tx, freed, asked);
      if (!entry || (await this.#offerTo(tx, entry, freed))) return;
      asked.push(entry.id);
    }
  }

  /** False when it is not for this patient: then it is for the next. */
  async #offerTo(tx: TenantTx, { id, patientId }: WaitlistRow, freed: Freed): Promise<boolean> {
    const { providerId, serviceId, start } = freed;
    const booking = {
      ...{ patientId, providerId, serviceId, start, resourceIds: [], overbookReason: undefined },
      ...{ details: {}, source: 'waitlist', hold: 'offer' as const, rescheduleOf: null },
    };
    const by = { userId: null, isPatient: true };
    const placed = await this.entries
      .attempt(tx, () => this.placing.place(tx, by, booking))
      .catch((err: unknown) => {
        // Taken meanwhile, or offered no more: the next time that comes free is another one.
        if (err instanceof TimeRefused) return 'nobody' as const;
        if (err instanceof AppError) return 'another' as const;
        throw err;
      });
    if (typeof placed === 'string') return placed === 'nobody';
    const version = await this.entries.offer(tx, id, placed.id);
    const payload = { id, patientId, version, appointmentId: placed.id };
    await this.outbox.add(tx, { type: 'waitlist.offered', payload, hospitalId: tx.hospital.id, actorId: null });
    return true;
  }
}
