import { createHmac } from 'node:crypto';

/**
 * A credential that is mailed. It is derived from the row it belongs to, so that the job which mails it makes it again:
 * it stands in no queue and no log, and the database holds its hash only. No refresh token contains a colon, so none is
 * ever equal to what is derived here.
 */
export const derivedToken = (secret: Buffer, purpose: 'invitation' | 'password-reset', rowId: string): string =>
  createHmac('sha256', secret).update(`${purpose}:${rowId}`).digest('base64url');
