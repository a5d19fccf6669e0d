import { Injectable } from '@nestjs/common';
import type { PublicTx } from '@hms/database';
import { Outbox } from '../../platform/events/outbox.service.js';
import { ReviewersRepository, type Reviewer } from './reviewers.repository.js';

/** An access past the limits of wards, and where. */
export interface BrokenGlass {
  readonly id: string;
  readonly hospitalId: string;
  readonly holder: string;
}

/** Decides who looks at an access, and asks each of them with an event of its own. */
@Injectable()
export class ReviewRequests {
  constructor(
    private readonly reviewers: ReviewersRepository,
    private readonly outbox: Outbox,
  ) {}

  /** @throws an Error when there is nobody to ask */
  async ask(tx: PublicTx, { id, hospitalId, holder }: BrokenGlass): Promise<void> {
    const reviewers = await this.reviewers.find(tx, hospitalId, holder);
    if (reviewers.length === 0) throw new Error('glass was broken, and there is nobody to tell');
    for (const { id: userId } of reviewers) {
      const asked = { type: 'break-glass.review-asked', payload: { id, userId } } as const;
      await this.outbox.add(tx, { ...asked, hospitalId, actorId: holder });
    }
  }

  /**
   * The one who was asked. Whoever may not look at it any more is told nothing; whoever may now is asked in their place,
   * again too: better told twice than nobody.
   * @throws an Error when there is nobody to ask
   */
  async resolve(tx: PublicTx, glass: BrokenGlass, userId: string): Promise<Reviewer | undefined> {
    const reviewers = await this.reviewers.find(tx, glass.hospitalId, glass.holder);
    const asked = reviewers.find(({ id }) => id === userId);
    if (!asked) await this.ask(tx, glass);
    return asked;
  }
}
