import { Pool } from 'undici';
import { z } from 'zod';
import { type Batch } from './batch.js';
import { type Answer } from './sender.js';

/** Also what a problem says when nothing was accepted. */
const receipt = z.object({
  accepted: z.number().default(0),
  duplicates: z.number().default(0),
  rejected: z.array(z.object({ i: z.number(), code: z.string() })),
  rejectedTotal: z.number(),
});
const problem = z.object({ code: z.string() });

/** Posts batches to `/telemetry` with a gateway's key over a few kept-alive connections. */
export class TelemetryClient {
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param baseUrl of the public entrance, or of ingest itself */
  constructor(baseUrl: string, gatewayKey: string, connections: number) {
    this.#pool = new Pool(new URL(baseUrl).origin, { connections, headersTimeout: 15_000, bodyTimeout: 15_000 });
    this.#headers = { authorization: `Bearer ${gatewayKey}`, 'content-type': 'application/json' };
  }

  /** @throws when the connection fails or `signal` fires */
  async post(batch: Batch, signal: AbortSignal): Promise<Answer> {
    const { statusCode, headers, body } = await this.#pool.request({
      method: 'POST',
      path: '/telemetry',
      headers: this.#headers,
      body: batch.body,
      signal,
    });
    const text = await body.text();
    const retryAfter = headers['retry-after'];
    const answer = { status: statusCode, ...(typeof retryAfter === 'string' ? { retryAfter } : {}) };
    const json = parseJson(text);
    const stored = receipt.safeParse(json);
    if (stored.success) return { ...answer, receipt: stored.data };
    const failed = problem.safeParse(json);
    return failed.success ? { ...answer, code: failed.data.code } : answer;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
