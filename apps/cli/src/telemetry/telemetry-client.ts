import { Pool } from 'undici';
import { z } from 'zod';

/** Stands for a status when the connection failed. */
export const noAnswer = 0;

/** What the receiver said about one attempt. */
export interface Answer {
  readonly status: number;
  readonly retryAfter?: string;
  readonly receipt?: Receipt;
  /** The problem's code, or the connection's. */
  readonly code?: string;
}

/** Also what a problem says when nothing was accepted. */
const receipt = z.object({
  accepted: z.number().default(0),
  duplicates: z.number().default(0),
  rejected: z.array(z.object({ i: z.number(), code: z.string() })),
  rejectedTotal: z.number(),
});
export type Receipt = Readonly<z.output<typeof receipt>>;
const problem = z.object({ code: z.string() });

export interface TelemetryRequest {
  readonly body: string;
  /** Where to, when it is not `/telemetry`. */
  readonly path?: string;
  /** What the body is, when it is not JSON. */
  readonly contentType?: string;
}

/** Posts to ingest with a gateway's key over a few kept-alive connections. */
export class TelemetryClient {
  readonly #pool: Pool;
  readonly #authorization: string;

  /** @param baseUrl of the public entrance, or of ingest itself */
  constructor(baseUrl: string, gatewayKey: string, connections: number) {
    this.#pool = new Pool(new URL(baseUrl).origin, { connections, headersTimeout: 15_000, bodyTimeout: 15_000 });
    this.#authorization = `Bearer ${gatewayKey}`;
  }

  /** @throws when the connection fails or `signal` fires */
  async post(request: TelemetryRequest, signal: AbortSignal): Promise<Answer> {
    const { statusCode, headers, body } = await this.#pool.request({
      method: 'POST',
      path: request.path ?? '/telemetry',
      headers: { authorization: this.#authorization, 'content-type': request.contentType ?? 'application/json' },
      body: request.body,
      signal,
    });
    const retryAfter = headers['retry-after'];
    const answer = answerOf(statusCode, await body.text());
    return typeof retryAfter === 'string' ? { ...answer, retryAfter } : answer;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** What an answer says. */
export function answerOf(status: number, text: string): Answer {
  const json = parseJson(text);
  const stored = receipt.safeParse(json);
  if (stored.success) return { status, receipt: stored.data };
  const failed = problem.safeParse(json);
  return failed.success ? { status, code: failed.data.code } : { status };
}

/** Why a connection failed, such as ECONNREFUSED. */
export const connectionFault = (err: unknown): string =>
  err instanceof Error ? ('code' in err ? String(err.code) : err.message) : String(err);

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
