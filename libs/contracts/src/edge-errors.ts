import { defineErrors, raiser } from './problem.js';

/** What the layers before every route answer by themselves: Nginx (`nginx/hms/problems.conf`) and Node's HTTP parser. */
export const edgeErrors = defineErrors({
  'request.timeout': { status: 408, title: 'The request took too long to arrive' },
  'body.length-required': { status: 411, title: 'State the length of the body' },
  'request.address-too-long': { status: 414, title: 'The address is too long' },
  'request.range-not-satisfiable': { status: 416, title: 'That range is not available' },
  'request.misdirected': { status: 421, title: 'This server does not answer for that host' },
  'request.headers-too-large': { status: 431, title: 'The request headers are too large' },
  'request.not-implemented': { status: 501, title: 'This server does not support that' },
  /** The service did not take the connection; the request had no effect. */
  'service.unreachable': { status: 502, title: 'Not available at the moment, retry shortly', retryAfter: 2 },
  /** The service did not answer; the request may have had its effect. */
  'service.timeout': { status: 504, title: 'No answer in time, retry shortly', retryAfter: 5 },
  'request.version-not-supported': { status: 505, title: 'This HTTP version is not supported' },
});

export const edgeError = raiser(edgeErrors);
