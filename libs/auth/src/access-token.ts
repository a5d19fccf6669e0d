import { isRole, type Role } from '@hms/contracts';
import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose';

export const accessTokenIssuer = 'urn:hms:auth';
export const accessTokenAudience = 'urn:hms:services';
export const accessTokenType = 'at+jwt';
export const accessTokenAlgorithm = 'EdDSA';
/** How long an access token counts. */
export const accessTokenLifetimeSeconds = 10 * 60;
/** How far a client's and our clocks may differ, seconds. */
export const clockToleranceSeconds = 10;

/** What a verified access token says. `hospitalId` is absent for a super_admin outside every hospital. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly hospitalId?: string;
  readonly roles: readonly Role[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** The token is missing, forged, expired or not an access token. Deliberately says no more. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const maxTokenLength = 2_048;

/**
 * Verifies signature, algorithm, type, issuer, audience and times, then parses the claims.
 * @param key resolves a `kid` from keys already in memory
 * @throws InvalidTokenError
 */
export async function verifyAccessToken(token: string, key: JWTVerifyGetKey, now = new Date()): Promise<AccessClaims> {
  if (token.length > maxTokenLength) throw new InvalidTokenError('too long');
  try {
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      algorithms: [accessTokenAlgorithm],
      issuer: accessTokenIssuer,
      audience: accessTokenAudience,
      typ: accessTokenType,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['sub', 'sid', 'exp', 'iat', 'roles'],
      currentDate: now,
    });
    if (protectedHeader.crit !== undefined) throw new InvalidTokenError('critical extension');
    return parseClaims(payload, now);
  } catch (err) {
    if (err instanceof InvalidTokenError) throw err;
    if (err instanceof errors.JOSEError || err instanceof TypeError) {
      throw new InvalidTokenError('not verified', { cause: err });
    }
    throw err;
  }
}

function parseClaims(payload: Record<string, unknown>, now: Date): AccessClaims {
  const { sub, sid, hid, roles, exp, iat, aud } = payload;
  if (typeof aud !== 'string' || typeof exp !== 'number' || typeof iat !== 'number')
    throw new InvalidTokenError('claims');
  if (iat > now.getTime() / 1_000 + clockToleranceSeconds) throw new InvalidTokenError('issued in the future');
  if (!isUuid(sub) || !isUuid(sid) || !(hid === undefined || isUuid(hid))) throw new InvalidTokenError('claims');
  if (!Array.isArray(roles) || !roles.every(isRole)) throw new InvalidTokenError('claims');
  return { userId: sub, sessionId: sid, roles, expiresAt: exp, ...(hid === undefined ? {} : { hospitalId: hid }) };
}

const isUuid = (value: unknown): value is string => typeof value === 'string' && uuid.test(value);
