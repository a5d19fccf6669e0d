/** What a route costs, and so how often it may be called. */
export type RouteClass = 'read' | 'write' | 'search' | 'login' | 'credential' | 'session' | 'live';

/** Who is counted: the client's address, the signed-in user, or everybody of a hospital together. */
export type LimitScope = 'address' | 'user' | 'hospital';

export const windowSeconds = 60;

/** Wrong passwords and codes at signing in that an address may have in such a time. */
export const wrongGuessesPerAddress = 20;

interface ClassQuotas {
  readonly address: number;
  readonly user: number;
  readonly hospital: number;
  /** Without Redis every process keeps to its share; the others may then give a whole quota each. */
  readonly strict?: true;
}

/**
 * Requests in any 60 s. An address is often a whole hospital behind one router, so addresses get far more than users,
 * except where a secret can be guessed.
 */
export const quotas: Readonly<Record<RouteClass, ClassQuotas>> = {
  read: { address: 12_000, user: 1_200, hospital: 60_000 },
  write: { address: 3_000, user: 300, hospital: 15_000 },
  search: { address: 1_800, user: 120, hospital: 6_000 },
  login: { address: 600, user: 60, hospital: 6_000 },
  credential: { address: 20, user: 20, hospital: 600, strict: true },
  session: { address: 600, user: 60, hospital: 6_000 },
  live: { address: 1_200, user: 60, hospital: 6_000 },
};
