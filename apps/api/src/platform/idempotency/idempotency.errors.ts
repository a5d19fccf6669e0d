import { defineErrors, raiser } from '@hms/contracts';

export const idempotencyErrors = defineErrors({
  /** Draw a fresh UUID for each thing you create, and send the same one when you send the request again. */
  'idempotency.key-required': { status: 400, title: 'Send an Idempotency-Key' },
  /** 1 to 200 visible ASCII characters without quotes; a UUID is best. */
  'idempotency.key-malformed': { status: 400, title: 'This Idempotency-Key cannot be used' },
  /** The first request with this key is being worked on. Send yours again to get its answer. */
  'idempotency.in-flight': { status: 409, title: 'The same request is being worked on', retryAfter: 1 },
  /** The key was sent before with another body or path. Nothing was done. */
  'idempotency.key-reused': { status: 422, title: 'This Idempotency-Key belongs to another request' },
});

export const idempotencyError = raiser(idempotencyErrors);
