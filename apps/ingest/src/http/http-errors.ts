import { defineErrors, raiser } from '@hms/contracts';

export const httpErrors = defineErrors({
  'body.timeout': { status: 408, title: 'The body took too long to arrive' },
});

export const httpError = raiser(httpErrors);
