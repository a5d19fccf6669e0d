declare module 'fastify' {
  interface FastifyContextConfig {
    /** Name of a cookie that may carry the access token, for pages a browser opens by itself. Only on routes that change nothing. */
    cookieCredential?: string;
  }
}

/** `Authorization` as the request sends it, or else what the cookie its route allows stands for. */
export function credentialOf(
  { authorization, cookie }: { readonly authorization?: string | undefined; readonly cookie?: string | undefined },
  cookieName: string | undefined,
): string | undefined {
  if (authorization !== undefined || cookieName === undefined) return authorization;
  const pairs = (cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  const token = pairs.find(([name]) => name === cookieName)?.[1];
  return token === undefined ? undefined : `Bearer ${token}`;
}
