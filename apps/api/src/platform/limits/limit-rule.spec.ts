import { describe, expect, it } from '@jest/globals';
import type { AccessRule } from '../access/access-rule.js';
import { limitOf } from './limit-rule.js';

const guarded: AccessRule = { kind: 'permission', permission: 'patient:read', scope: 'hospital' };
const open: AccessRule = { kind: 'public', why: 'test' };

describe('the limit of a route', () => {
  it.each([
    ['GET', guarded, 'read'],
    ['HEAD', open, 'read'],
    ['POST', guarded, 'write'],
    ['DELETE', guarded, 'write'],
    ['POST', open, 'credential'],
    ['POST', undefined, 'credential'],
  ])('of %s follows from what it is when it declares none', (method, access, as) => {
    expect(limitOf(access ? { access } : {}, method)).toEqual({ kind: 'limited', as });
  });

  it('is the declared one', () => {
    expect(limitOf({ limit: { kind: 'limited', as: 'search' } }, 'GET')).toEqual({ kind: 'limited', as: 'search' });
    expect(limitOf({ limit: { kind: 'unlimited', why: 'probe' } }, 'GET')).toMatchObject({ kind: 'unlimited' });
  });
});
