import { bodyText } from '../body-text.js';

const latin1 = /^MSH(.)(?:[^\r\n]*?\1){16}(?:8859\/1|ASCII)?(?:\1|\r|\n|$)/;

/**
 * A message as text. MSH-18 says in which character set it is: 8859/1 (also when it says nothing) or UTF-8.
 * @throws AppError when it is not in the one it states
 */
export function hl7Text(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = bytes.toString('latin1');
  return latin1.test(text) ? text : bodyText(body);
}
