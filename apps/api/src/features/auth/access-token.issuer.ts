import { Injectable } from '@nestjs/common';
import {
  accessTokenAlgorithm,
  accessTokenAudience,
  accessTokenIssuer,
  accessTokenLifetimeSeconds,
  accessTokenType,
} from '@hms/auth';
import type { Role } from '@hms/contracts';
import { SignJWT } from 'jose';
import { TokenKeys } from '../../platform/access/token-keys.service.js';

export interface TokenSubject {
  readonly userId: string;
  readonly sessionId: string;
  readonly hospitalId: string | null;
  readonly roles: readonly Role[];
}

@Injectable()
export class AccessTokenIssuer {
  constructor(private readonly keys: TokenKeys) {}

  async issue(subject: TokenSubject, now: Date): Promise<string> {
    const { kid, key } = this.keys.signingKey(now);
    const issuedAt = Math.floor(now.getTime() / 1_000);
    return new SignJWT({
      sid: subject.sessionId,
      roles: subject.roles,
      ...(subject.hospitalId === null ? {} : { hid: subject.hospitalId }),
    })
      .setProtectedHeader({ alg: accessTokenAlgorithm, typ: accessTokenType, kid })
      .setIssuer(accessTokenIssuer)
      .setAudience(accessTokenAudience)
      .setSubject(subject.userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + accessTokenLifetimeSeconds)
      .sign(key);
  }
}
