import { describe, expect, it } from '@jest/globals';
import { likeLiteral } from './like.js';

describe('text in a LIKE pattern', () => {
  it('loses every special meaning', () => {
    expect(likeLiteral('50%_off\\now')).toBe('50\\%\\_off\\\\now');
    expect(likeLiteral('Aoife')).toBe('Aoife');
  });
});
