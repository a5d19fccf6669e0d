import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { bodyText } from '../body-text.js';

/** 8859/1 is read as its superset 1252, as on the web: senders mix them up. */
const singleByte = /^(?:ISO[ -]?)?8859[/-](\d{1,2})$|^(?:WINDOWS|CP)?[ -]?(125[0-8])$/i;

/**
 * A message as text, in the character set that MSH-18 states: UTF-8, ASCII, 8859/1 and its family, or a Windows code page. Where
 * it states none the text is UTF-8, or else Latin-1.
 * @throws AppError when it is not in the one it states
 */
export function hl7Text(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (isAscii(bytes)) return bytes.toString('latin1');
  const stated = statedCharset(bytes);
  if (stated === '' ? !isUtf8(bytes) : stated === 'ASCII') return bytes.toString('latin1');
  return decoderOf(stated)?.decode(bytes) ?? bodyText(body);
}

/** The first of MSH-18; empty for a message that says nothing, or whose MSH is too short to. */
function statedCharset(bytes: Buffer): string {
  const ends = [bytes.indexOf('\r'), bytes.indexOf('\n')].filter((at) => at >= 0);
  const header = bytes.subarray(0, Math.min(bytes.length, ...ends)).toString('latin1');
  const [, , , field = '', , repetition = ''] = header;
  if (!header.startsWith('MSH') || repetition === '') return '';
  const [charset = ''] = (header.split(field, 18)[17] ?? '').split(repetition, 1);
  return charset.trim().toUpperCase();
}

/** Undefined for what is no single-byte character set. */
function decoderOf(charset: string): TextDecoder | undefined {
  const [, part, page] = singleByte.exec(charset) ?? [];
  const label = part === undefined ? page && `windows-${page}` : `iso-8859-${part}`;
  try {
    return label === undefined ? undefined : new TextDecoder(label);
  } catch {
    return undefined;
  }
}
