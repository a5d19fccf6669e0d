import { commonError, type AppError } from '@hms/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { checkJsonShape } from './json-shape.js';

/** Keeps a byte order mark, so that it is refused like any other text before the body. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/**
 * A body is JSON in UTF-8 or nothing: no other content type has a parser, so Fastify answers 415. Takes the place of
 * the parsers that Fastify and Nest come with.
 */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, read);
}

/** What it throws, Fastify answers as it does a rejection. */
function read(request: FastifyRequest, body: Buffer, done: (err: Error | null, value?: unknown) => void): void {
  const stated = charset.exec(request.headers['content-type'] ?? '')?.[1]?.toLowerCase();
  if (stated !== undefined && stated !== 'utf-8') throw commonError('body.unsupported-type');
  done(null, parseJsonBody(body));
}

/**
 * Reads the JSON object of a body in linear time; undefined for an empty body.
 * @throws `request.malformed`, saying what to change, for anything that is not one or exceeds {@link jsonLimits}
 */
export function parseJsonBody(body: Uint8Array): object | undefined {
  if (body.length === 0) return undefined;
  const text = decode(body);
  checkJsonShape(text);
  const value = parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw malformed('The body must be a JSON object.');
}

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw malformed('The body is not UTF-8.');
  }
}

/** The parser's own message would quote the body. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body is not JSON.');
  }
}

const malformed = (detail: string): AppError => commonError('request.malformed', { detail });
