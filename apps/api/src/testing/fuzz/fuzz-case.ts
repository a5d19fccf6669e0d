/** One request, complete enough to be sent again by hand. */
export interface FuzzCase {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: string | Buffer;
  /** No route may take it: its body is no JSON, or has members that the document does not name. */
  readonly isWrong?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly milliseconds: number;
}

const shown = 600;

/** As a command, without the credentials. */
export function asCurl({ method, url, headers, payload }: FuzzCase): string {
  const parts = Object.entries(headers).map(([name, value]) => ` -H ${quoted(`${name}: ${clipped(value)}`)}`);
  if (payload !== undefined) parts.push(` --data-binary ${dataOf(payload)}`);
  return `curl -X ${method} "$HMS"${quoted(clipped(url))}${parts.join('')}`;
}

const dataOf = (payload: string | Buffer): string =>
  typeof payload === 'string' ? quoted(clipped(payload)) : `"$(base64 -d <<< ${clipped(payload.toString('base64'))})"`;
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const clipped = (text: string): string =>
  text.length > shown ? `${text.slice(0, shown)}… (${text.length} characters)` : text;
