import type { Role } from '@hms/contracts';

export interface Login {
  readonly role: Role;
  readonly email: string;
  readonly password: string;
  /** Of the authenticator, where the role needs one. */
  readonly totpSecret?: string | undefined;
}

/** A user as wanted, whatever hospital it belongs to. */
export interface Account {
  readonly id: string;
  readonly role: Role;
  readonly email: string;
  readonly displayName: string;
}
