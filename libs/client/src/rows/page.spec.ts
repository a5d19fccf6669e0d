import { describe, expect, it } from '@jest/globals';
import { responseOf } from '../testing/ops.js';
import { freshRows } from './held.js';
import { advance } from './page.js';

describe('from when the history on the device is', () => {
  const from = '2026-01-02T00:00:00.000Z';
  const told = responseOf({ hints: { ...responseOf({}).hints, history_from: { notes: from } } });

  it('is what the server said when the snapshot began', () => {
    const begun = advance(freshRows, told);
    expect(begun.historyFrom).toEqual({ notes: from });
    expect(advance(begun, responseOf({})).historyFrom).toEqual({ notes: from });
  });

  it('is open again when the entity is reset', () => {
    const reset = responseOf({ reset: [{ entity: 'notes', why: 'expired', how: 'snapshot' }] });
    expect(advance(advance(freshRows, told), reset).historyFrom).toEqual({});
  });
});
