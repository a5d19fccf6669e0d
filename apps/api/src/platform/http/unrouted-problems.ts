import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type AppError, commonError, edgeError, toProblem } from '@hms/contracts';
import { requestIdFrom } from '@hms/service-kit';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** No hook sees these answers, so they bring their headers themselves. */
const headersOf = (requestId: string): Record<string, string> => ({
  'content-type': 'application/problem+json',
  'x-request-id': requestId,
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
});

/** An address that Fastify's router cannot read, or a part of it that is longer than any parameter. */
export function answerUnroutable({ statusCode }: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const error = statusCode === 414 ? edgeError('request.address-too-long') : commonError('request.malformed');
  void reply
    .status(error.spec.status)
    .headers(headersOf(request.id))
    .send(JSON.stringify(toProblem(error, request.id)));
}

/** What Node's HTTP parser does not take never becomes a request; the connection ends with the answer. */
export function answerBrokenRequest({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return;
  const error = brokenBecause(code);
  const requestId = requestIdFrom(undefined);
  const body = JSON.stringify(toProblem(error, requestId));
  const headers = { ...headersOf(requestId), 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const { status } = error.spec;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('')}\r\n${body}`);
}

function brokenBecause(code: string | undefined): AppError {
  if (code === 'HPE_HEADER_OVERFLOW') return edgeError('request.headers-too-large');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return edgeError('request.timeout');
  return commonError('request.malformed');
}
