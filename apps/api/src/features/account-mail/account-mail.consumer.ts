import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import { derivedToken } from '../../platform/access/derived-token.js';
import { hashOpaqueToken } from '../../platform/access/opaque-token.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import type { ExternalConsumer } from '../../platform/events/event-consumer.js';
import type { Mail } from '../../platform/mail/mail.js';
import { Mailer } from '../../platform/mail/mailer.service.js';
import { AccountMailRepository, type Recipient } from './account-mail.repository.js';
import {
  identityLinkedMail,
  invitationMail,
  passwordChangedMail,
  passwordResetMail,
  secondFactorMail,
} from './account-mail.templates.js';

const types = [
  'invitation.issued',
  'password-reset.requested',
  'password.changed',
  'second-factor.changed',
  'identity.linked',
] as const;
type AccountEvent = DomainEvent<(typeof types)[number]>;
type Letter = readonly [to: Recipient, mail: Mail];

/** Mails people about their accounts. After a crash in between, a mail may come twice, with the same message id. */
@Injectable()
export class AccountMails implements ExternalConsumer<(typeof types)[number]> {
  readonly name = 'account-mails';
  readonly effect = 'external';
  readonly types = types;
  /** With pauses of up to 5 minutes, a mail server may be away for half a day. */
  readonly attempts = 150;
  readonly backoffMs = 1_000;
  readonly deadlineMs = 20_000;

  constructor(
    private readonly accounts: AccountMailRepository,
    private readonly mailer: Mailer,
    private readonly config: ApiConfig,
  ) {}

  async handle(event: AccountEvent): Promise<void> {
    const letter = await this.#letterFor(event);
    if (!letter) return;
    const [to, mail] = letter;
    await this.mailer.send(mail, { to: { name: to.displayName, address: to.email }, id: event.id });
  }

  async #letterFor(event: AccountEvent): Promise<Letter | undefined> {
    switch (event.type) {
      case 'invitation.issued':
        return this.#invitation(event.payload.id);
      case 'password-reset.requested':
        return this.#reset(event.payload.id);
      case 'password.changed':
        return this.#notice(event.payload.userId, ({ displayName }) => passwordChangedMail(displayName));
      case 'identity.linked':
        return this.#notice(event.payload.userId, ({ displayName }) => identityLinkedMail(displayName));
      case 'second-factor.changed': {
        const { userId, change } = event.payload;
        return this.#notice(userId, ({ displayName }) => secondFactorMail(displayName, change));
      }
    }
  }

  async #invitation(id: string): Promise<Letter | undefined> {
    const invitation = await this.accounts.findInvitation(id, new Date());
    if (!invitation) return undefined;
    const token = derivedToken(this.config.refreshSecret, 'invitation', id);
    const { user, hospital } = invitation;
    return [user, invitationMail(user.displayName, hospital.name, this.#link('invitation', token))];
  }

  async #reset(id: string): Promise<Letter | undefined> {
    const token = derivedToken(this.config.refreshSecret, 'password-reset', id);
    const user = await this.accounts.assignReset(id, hashOpaqueToken(token), new Date());
    return user && [user, passwordResetMail(user.displayName, this.#link('password-reset', token))];
  }

  async #notice(userId: string, write: (to: Recipient) => Mail): Promise<Letter | undefined> {
    const user = await this.accounts.findUser(userId);
    return user ? [user, write(user)] : undefined;
  }

  /** The token stands behind the #: browsers send that to no server, so it is in no access log. */
  #link(page: string, token: string): string {
    return new URL(`/${page}#token=${token}`, this.config.publicUrl).href;
  }
}
