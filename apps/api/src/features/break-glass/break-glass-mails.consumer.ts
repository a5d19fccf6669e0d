import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import type { PublicTx } from '@hms/database';
import type { PlatformConsumer } from '../../platform/events/event-consumer.js';
import { ReviewRequests } from './review-requests.service.js';

/**
 * Decides who is told that glass was broken: one event each, so that every mail is sent and tried again by itself. Where
 * the holder is the only administrator, the platform's are told. Its name is older than that.
 */
@Injectable()
export class BreakGlassMails implements PlatformConsumer<'break-glass.opened'> {
  readonly name = 'break-glass-mails';
  readonly effect = 'platform';
  readonly types = ['break-glass.opened'] as const;
  /** An access of which nobody can be told is tried again until somebody can, and is a dead letter in the end. */
  readonly attempts = 150;

  constructor(private readonly requests: ReviewRequests) {}

  async handle(
    { hospitalId, actorId: holder, payload: { id } }: DomainEvent<'break-glass.opened'>,
    tx: PublicTx,
  ): Promise<void> {
    if (hospitalId === null || holder === null) throw new Error('glass is broken by somebody, in a hospital');
    await this.requests.ask(tx, { id, hospitalId, holder });
  }
}
