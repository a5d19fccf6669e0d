import { describe, expect, it } from '@jest/globals';
import { hospitalStatuses, move } from './hospital.states.js';

describe('a hospital', () => {
  const legal = hospitalStatuses.flatMap((from) =>
    hospitalStatuses
      .filter((to) => {
        try {
          return move(from, to) === to;
        } catch {
          return false;
        }
      })
      .map((to) => `${from} → ${to}`),
  );

  it('is suspended and resumed, and nothing else', () => {
    expect(legal).toEqual(['active → suspended', 'suspended → active']);
  });
});
