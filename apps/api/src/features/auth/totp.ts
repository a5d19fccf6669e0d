import { generateSecret, generateURI, verifySync } from 'otplib';

/** RFC 6238 as every authenticator app does it: SHA-1, 6 digits, 30 seconds. */
const algorithm = 'sha1';
const digits = 6;
const period = 30;

/**
 * Steps a device's clock may be off. NIST SP 800-63B and ASVS 6.5.5 cap a code at 30 s: only for accounts that can do
 * most, which act outside every hospital, is that kept to the letter.
 */
export const driftIn = (hospital: object | null | undefined): number => (hospital ? 1 : 0);

/** 160 random bits, in base 32. */
export const newTotpSecret = (): string => generateSecret({ length: 20 });

/** What an app reads from a QR code. */
export const totpUri = (secret: string, account: string): string =>
  generateURI({ issuer: 'HMS', label: account, secret, algorithm, digits, period });

/**
 * The 30-second step a code is of; undefined when it is of none that counts now.
 * @param drift steps a device's clock may be off, either way
 */
export function acceptedStep(secret: string, code: string, now: Date, drift: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const epoch = Math.floor(now.getTime() / 1_000);
  const result = verifySync({ secret, token: code, epoch, algorithm, digits, period, epochTolerance: drift * period });
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}
