import { describe, expect, it } from '@jest/globals';
import { addressKey, clientAddress, trustOneHop } from './client-address.js';

const trusts = trustOneHop(['127.0.0.1', '10.0.0.0/8']);

describe('the address of a client', () => {
  it('is what the proxy saw, whatever the client wrote before', () => {
    expect(clientAddress(trusts, '127.0.0.1', '1.1.1.1, 203.0.113.7')).toBe('203.0.113.7');
    expect(clientAddress(trusts, '::ffff:10.2.3.4', '203.0.113.7')).toBe('203.0.113.7');
  });

  it('is the peer when the peer is no proxy of ours or forwards nothing', () => {
    expect(clientAddress(trusts, '203.0.113.9', '1.1.1.1')).toBe('203.0.113.9');
    expect(clientAddress(trusts, '127.0.0.1', undefined)).toBe('127.0.0.1');
  });

  it('is never looked for behind a second proxy', () => {
    expect(trusts('127.0.0.1', 0)).toBe(true);
    expect(trusts('127.0.0.1', 1)).toBe(false);
    expect(clientAddress(trusts, '127.0.0.1', '1.1.1.1, 10.0.0.1')).toBe('10.0.0.1');
  });
});

describe('an address is counted', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:aaaa::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::ffff', '2001:db8:1:2::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['somewhere', 'unknown'],
  ])('%s as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
