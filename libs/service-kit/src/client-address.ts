import { BlockList, isIP, isIPv6 } from 'node:net';

export type TrustedHop = (address: string, hop: number) => boolean;

/** Believes `X-Forwarded-For` of these proxies (addresses or `address/prefix`), and of them only what they themselves added. */
export function trustOneHop(proxies: readonly string[]): TrustedHop {
  const trusted = new BlockList();
  for (const proxy of proxies) {
    const [address = '', prefix] = proxy.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(prefix), family);
  }
  return (address, hop) => {
    const plain = unmapped(address);
    return hop === 0 && isIP(plain) !== 0 && trusted.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}

/** The address of a client whose request did not come through Fastify, found as Fastify finds it. */
export function clientAddress(trusts: TrustedHop, peer: string, forwardedFor: string | undefined): string {
  const nearest = forwardedFor?.split(',').at(-1)?.trim();
  return nearest !== undefined && nearest !== '' && trusts(peer, 0) ? nearest : peer;
}

/**
 * What an address is counted as. One IPv6 subscriber owns at least a /64, so its addresses count as one; what is no
 * address counts together.
 */
export function addressKey(address: string): string {
  const plain = unmapped(address);
  switch (isIP(plain)) {
    case 4:
      return plain;
    case 6:
      return `${network64(plain)}::/64`;
    default:
      return 'unknown';
  }
}

const unmapped = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');

function network64(address: string): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').replace(/[\d.]+\.\d+$/, '0:0').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
