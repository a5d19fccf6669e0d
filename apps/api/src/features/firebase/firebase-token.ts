import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';

/** What Google vouches for. */
export interface FirebaseIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** Only when Google has verified that it is theirs. */
  readonly verifiedEmail?: string;
  readonly name?: string;
}

/** The text is not an ID token of our Firebase project that counts now. Deliberately says no more. */
export class InvalidIdTokenError extends Error {
  override readonly name = 'InvalidIdTokenError';
}

export const maxIdTokenLength = 4_096;
const clockToleranceSeconds = 10;

export const issuerOf = (projectId: string): string => `https://securetoken.google.com/${projectId}`;

/**
 * Verifies an ID token by Firebase's rules: RS256 with a key of Google's, issuer and audience of the project, a subject,
 * and a sign-in in the past.
 * @param key resolves a `kid`; what it throws besides jose's errors is passed on
 * @throws InvalidIdTokenError
 */
export async function verifyFirebaseToken(
  token: string,
  { projectId, key, now }: { readonly projectId: string; readonly key: JWTVerifyGetKey; readonly now: Date },
): Promise<FirebaseIdentity> {
  if (token.length > maxIdTokenLength) throw new InvalidIdTokenError('too long');
  const issuer = issuerOf(projectId);
  try {
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      algorithms: ['RS256'],
      issuer,
      audience: projectId,
      requiredClaims: ['sub', 'iat', 'exp', 'auth_time'],
      clockTolerance: clockToleranceSeconds,
      currentDate: now,
    });
    if (protectedHeader.crit !== undefined) throw new InvalidIdTokenError('critical extension');
    return { issuer, ...parseClaims(payload, now) };
  } catch (err) {
    if (err instanceof errors.JOSEError || err instanceof TypeError) {
      throw new InvalidIdTokenError('not verified', { cause: err });
    }
    throw err;
  }
}

function parseClaims(payload: JWTPayload, now: Date): Omit<FirebaseIdentity, 'issuer'> {
  const { sub, aud, iat, exp, auth_time: signedInAt, email, email_verified: emailVerified, name } = payload;
  const latest = now.getTime() / 1_000 + clockToleranceSeconds;
  const past = (time: unknown): boolean => typeof time === 'number' && time > 0 && time <= latest;
  if (typeof aud !== 'string' || typeof exp !== 'number') throw new InvalidIdTokenError('claims');
  if (!past(iat) || !past(signedInAt)) throw new InvalidIdTokenError('times');
  if (typeof sub !== 'string' || sub.length === 0 || sub.length > 128) throw new InvalidIdTokenError('subject');
  return {
    subject: sub,
    ...(emailVerified === true && typeof email === 'string' ? { verifiedEmail: email } : {}),
    ...(typeof name === 'string' ? { name } : {}),
  };
}
