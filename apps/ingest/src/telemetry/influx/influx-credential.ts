import type { RequestHead } from '../../http/route.js';

const token = /^Token /i;
const basic = /^Basic ([A-Za-z0-9+/=]{1,400})$/i;

/**
 * The gateway's key where clients of InfluxDB put theirs: `Authorization: Token`, or the password of Basic or of the query
 * (`u` and `p`, version 1). The user's name is not looked at.
 * @returns an `Authorization` header as every other route takes it
 */
export function influxAuthorization({ authorization, query }: RequestHead): string {
  if (token.test(authorization)) return `Bearer ${authorization.slice('Token '.length).trim()}`;
  const credentials = basic.exec(authorization)?.[1];
  if (credentials !== undefined) {
    const text = Buffer.from(credentials, 'base64').toString('latin1');
    return `Bearer ${text.slice(text.indexOf(':') + 1)}`;
  }
  const password = authorization === '' ? new URLSearchParams(query).get('p') : null;
  return password === null ? authorization : `Bearer ${password}`;
}
