import { hash } from '@node-rs/argon2';

/** Argon2id as OWASP ASVS 5.0 asks for at least: 19 MiB, two passes. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** As the API stores it in `app_user.password_hash`. Runs beside the event loop. */
export const hashPassword = (password: string): Promise<string> => hash(password, ARGON2);
