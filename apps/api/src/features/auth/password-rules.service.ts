import { Injectable } from '@nestjs/common';
import { BreachedPasswords } from './breached-passwords.service.js';
import { passwordError } from './password.errors.js';
import { refusalOf, type PasswordContext } from './password.policy.js';

@Injectable()
export class PasswordRules {
  constructor(private readonly breached: BreachedPasswords) {}

  /**
   * Ask before a transaction: it may call another service.
   * @param field of the request, named by the refusal
   * @throws `password.too-short`, `password.too-long`, `password.common`, `password.predictable` or `password.breached`
   */
  async assertAcceptable(password: string, context: PasswordContext, field?: string): Promise<void> {
    const refusal = refusalOf(password, context);
    if (refusal) throw passwordError(`password.${refusal}`, field);
    if (await this.breached.has(password)) throw passwordError('password.breached', field);
  }
}
