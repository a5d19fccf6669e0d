import { defineErrors, raiser } from '@hms/contracts';

export const encryptionErrors = defineErrors({
  /**
   * A sealed value is not what was sealed there: it was altered, moved from another hospital, column or row, or its key
   * is unknown. Which of these is never told.
   */
  'encryption.unreadable': { status: 500, title: 'A stored value cannot be read' },
});

export const encryptionError = raiser(encryptionErrors);

/** A key-encryption key could not be used. The message names settings and key ids, never a secret. */
export class KeyProviderError extends Error {
  /** Waiting does not help: the key is lost, or the credentials are refused. */
  readonly permanent: boolean;

  constructor(message: string, { permanent, cause }: { permanent: boolean; cause?: unknown }) {
    super(message, { cause });
    this.name = 'KeyProviderError';
    this.permanent = permanent;
  }
}
