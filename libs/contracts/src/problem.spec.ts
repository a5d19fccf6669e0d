import { describe, expect, it } from '@jest/globals';
import { AppError, commonErrors, toProblem } from './problem.js';

describe('a problem', () => {
  it('shows what the catalogue and the thrower say, never the cause', () => {
    const error = new AppError(
      'x.y',
      { status: 409, title: 'No' },
      { detail: 'Try later', members: { alternatives: [] }, cause: new Error('secret') },
    );
    expect(toProblem(error, 'r1')).toEqual({
      type: '/problems/x.y',
      title: 'No',
      status: 409,
      code: 'x.y',
      requestId: 'r1',
      detail: 'Try later',
      alternatives: [],
    });
  });

  it('says nothing about an unexpected error', () => {
    expect(JSON.stringify(toProblem(new Error('password=hunter2'), 'r1'))).not.toContain('hunter2');
    expect(toProblem('thrown text', 'r1')).toMatchObject({ status: 500, code: 'internal.error' });
  });

  it('has a code of the form noun.reason and an error status', () => {
    for (const [code, { status }] of Object.entries(commonErrors)) {
      expect(code).toMatch(/^[a-z]+\.[a-z-]+$/);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});
