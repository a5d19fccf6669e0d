import { randomUUID } from 'node:crypto';

const wellFormed = /^[A-Za-z0-9._-]{1,64}$/;

/** The id Nginx gave the request, or a new one when the header is missing or could break a log line. */
export const requestIdFrom = (header: string | undefined): string =>
  header !== undefined && wellFormed.test(header) ? header : randomUUID();
