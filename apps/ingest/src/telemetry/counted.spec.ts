import { describe, expect, it } from '@jest/globals';
import type { RejectedReading, TelemetryReceipt } from '@hms/contracts';
import type { Caller } from '../gateways/caller.js';
import { counted } from './counted.js';
import type { Answer } from './submission.js';
import type { TelemetryBatch } from './telemetry-batch.js';
import { NothingAccepted } from './telemetry.service.js';

const rejected: RejectedReading[] = [{ i: 0, code: 'out_of_range', field: 'spo2' }];
const receipt: TelemetryReceipt = { accepted: 0, duplicates: 0, unassigned: 0, rejected, rejectedTotal: 1 };

/** What was counted, and how it ended. */
async function seen(receiving: () => Promise<Answer>): Promise<[TelemetryReceipt[], string]> {
  const receipts: TelemetryReceipt[] = [];
  const receive = counted(receiving, { answered: (each) => void receipts.push(each) });
  const end = await receive({} as Caller, {} as TelemetryBatch, 0).then(
    () => 'answered',
    (err: unknown) => (err instanceof NothingAccepted ? 'refused' : 'failed'),
  );
  return [receipts, end];
}

describe('readings are counted', () => {
  it('when their batch is answered, also when all of it is refused', async () => {
    expect(await seen(() => Promise.resolve({ receipt, replayed: false }))).toEqual([[receipt], 'answered']);
    expect(await seen(() => Promise.reject(new NothingAccepted(receipt)))).toEqual([[receipt], 'refused']);
  });

  it('not again when it was answered before, and not when it was not', async () => {
    expect(await seen(() => Promise.resolve({ receipt, replayed: true }))).toEqual([[], 'answered']);
    expect(await seen(() => Promise.reject(new Error('gone')))).toEqual([[], 'failed']);
  });
});
