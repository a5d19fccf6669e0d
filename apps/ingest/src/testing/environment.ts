/** The same database, for connections that can be told from those of others. */
export function named(url: string, application: string): string {
  const own = new URL(url);
  own.searchParams.set('application_name', application);
  return own.href;
}

/** One of the variables that the local servers come with. */
export function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: run the integration tests through npm test`);
  return value;
}
