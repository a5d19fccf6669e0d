import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { invariantsHold } from './testing/model.js';
import * as mutants from './testing/mutants.js';

const runs = Number(process.env['HMS_FUZZ_RUNS'] ?? 60);

describe('devices and a server, whatever happens to them and between them', () => {
  it('agree in the end, with every saved change in effect once or before a person', async () => {
    await fc.assert(invariantsHold(), { numRuns: runs });
  }, 600_000);

  it.each(Object.entries(mutants))(
    'would not, if a client %s',
    async (_, mutation) => {
      const found = await fc.check(invariantsHold(mutation), { numRuns: 2_000, endOnFailure: true, seed: 1 });
      expect(found.failed).toBe(true);
    },
    600_000,
  );
});
