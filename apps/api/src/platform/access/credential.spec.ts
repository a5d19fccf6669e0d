import { describe, expect, it } from '@jest/globals';
import { credentialOf } from './credential.js';

describe('the credential of a request', () => {
  it('is its header, whatever cookies say', () => {
    expect(credentialOf({ authorization: 'Bearer a', cookie: 'c=b' }, 'c')).toBe('Bearer a');
  });

  it('may come in a cookie only where the route says in which', () => {
    expect(credentialOf({ cookie: 'x=1; c=b' }, 'c')).toBe('Bearer b');
    expect(credentialOf({ cookie: 'x=1; c=b' }, undefined)).toBeUndefined();
    expect(credentialOf({ cookie: 'xc=b' }, 'c')).toBeUndefined();
    expect(credentialOf({}, 'c')).toBeUndefined();
  });
});
