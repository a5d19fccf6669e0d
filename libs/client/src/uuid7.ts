const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** A UUIDv7 (RFC 9562) of a time in milliseconds; `random` are at least ten random bytes. */
export function uuid7(ms: number, random: Uint8Array): string {
  const [a = 0, b = 0, c = 0, d = 0, ...rest] = random;
  const time = hex(Math.min(Math.max(Math.trunc(ms), 0), 2 ** 48 - 1), 12);
  const tail = rest
    .slice(0, 6)
    .map((byte) => hex(byte, 2))
    .join('');
  const version = hex(0x7000 | ((a << 8) & 0x0f00) | b, 4);
  const variant = hex(0x8000 | ((c << 8) & 0x3f00) | d, 4);
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${tail}`;
}
