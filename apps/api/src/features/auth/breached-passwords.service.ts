import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { assertOutsideTransaction, type Logger } from '@hms/service-kit';
import { ApiConfig } from '../../platform/config/api-config.js';
import { rootLogger } from '../../platform/observability/observability.tokens.js';

const patienceMs = 2_000;

/**
 * Asks a list of leaked passwords by the protocol of Have I Been Pwned: it is told five of forty digits of a hash, one
 * of many passwords' (k-anonymity). Off without BREACHED_PASSWORDS_URL, and its failure stops nobody.
 */
@Injectable()
export class BreachedPasswords {
  constructor(
    private readonly config: ApiConfig,
    @Inject(rootLogger) private readonly logger: Logger,
  ) {}

  async has(password: string): Promise<boolean> {
    const { breachedPasswordsUrl: base } = this.config;
    if (base === undefined) return false;
    assertOutsideTransaction('asking for leaked passwords');
    const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
    const [range, rest] = [digest.slice(0, 5), digest.slice(5)];
    try {
      return (await this.#range(`${base.replace(/\/$/, '')}/range/${range}`)).has(rest);
    } catch (err) {
      this.logger.warn({ err }, 'the list of leaked passwords does not answer');
      return false;
    }
  }

  async #range(url: string): Promise<ReadonlySet<string>> {
    const answer = await fetch(url, {
      headers: { 'add-padding': 'true' },
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    });
    if (!answer.ok) throw new Error(`status ${String(answer.status)}`);
    // Padding has the count 0.
    const leaked = (await answer.text()).split(/\r?\n/).map((line) => line.split(':'));
    return new Set(leaked.flatMap(([suffix = '', count = '0']) => (Number(count) > 0 ? [suffix.toUpperCase()] : [])));
  }
}
