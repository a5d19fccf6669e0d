import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import type { TenantTx } from '@hms/database';
import type { HospitalConsumer } from '../../../platform/events/event-consumer.js';
import { AlarmTelling } from './alarm-telling.service.js';

/** The fast way from an alarm to people. What it misses, without Redis or because it failed, the sweep finds. */
@Injectable()
export class AlarmTeller implements HospitalConsumer<'alarm.raised' | 'alarm.moved'> {
  readonly name = 'alarm-teller';
  readonly effect = 'hospital';
  readonly types = ['alarm.raised', 'alarm.moved'] as const;
  readonly attempts = 3;

  constructor(private readonly telling: AlarmTelling) {}

  async handle({ payload }: DomainEvent<'alarm.raised' | 'alarm.moved'>, tx: TenantTx): Promise<void> {
    await this.telling.advance(tx, payload.id);
  }
}
