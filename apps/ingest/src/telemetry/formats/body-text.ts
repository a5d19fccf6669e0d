import { isAscii, isUtf8 } from 'node:buffer';
import { commonError } from '@hms/contracts';

/** The body as text. Almost all bodies are ASCII, which is read several times faster than UTF-8. */
export function bodyText(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) throw commonError('request.malformed', { detail: 'The body is not UTF-8.' });
  return bytes.toString('utf8');
}
