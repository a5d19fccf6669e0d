/**
 * Reads as much of MIME as the platform's own mails use: folded headers, encoded words, quoted-printable and base64, and
 * the plain part of a multipart body.
 * @param {string} source with one character a byte
 */
export function parseMail(source) {
  const { headers, body } = split(source);
  return {
    from: words(headers.get('from') ?? ''),
    subject: words(headers.get('subject') ?? ''),
    messageId: headers.get('message-id') ?? '',
    text: plainPart(headers, body),
  };
}

/** @param {string} source */
function split(source) {
  const end = source.indexOf('\r\n\r\n');
  const head = end < 0 ? source : source.slice(0, end);
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { headers, body: end < 0 ? '' : source.slice(end + 4) };
}

/**
 * @param {Map<string, string>} headers
 * @param {string} body
 * @returns {string}
 */
function plainPart(headers, body) {
  const type = headers.get('content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary === undefined) return decode(body, headers.get('content-transfer-encoding') ?? '');
  const parts = body.split(`--${boundary}`).slice(1, -1);
  const plain = parts.map((part) => split(part.replace(/^\r\n/, ''))).find(isPlain);
  return plain ? plainPart(plain.headers, plain.body) : '';
}

/** @param {{ headers: Map<string, string> }} part */
const isPlain = ({ headers }) => (headers.get('content-type') ?? 'text/plain').startsWith('text/plain');

/**
 * @param {string} text
 * @param {string} encoding
 */
function decode(text, encoding) {
  switch (encoding.toLowerCase()) {
    case 'base64':
      return Buffer.from(text, 'base64').toString('utf8');
    case 'quoted-printable':
      return quotedPrintable(text.replaceAll('=\r\n', ''));
    default:
      return Buffer.from(text, 'latin1').toString('utf8');
  }
}

/** @param {string} text */
function quotedPrintable(text) {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** @param {string} text a header that may hold encoded words (RFC 2047) */
const words = (text) =>
  text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind, word) =>
      kind.toLowerCase() === 'b' ? decode(word, 'base64') : quotedPrintable(word.replaceAll('_', ' ')),
    );
