/** One of the variables that the local servers come with. */
export function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: run the integration tests through npm test`);
  return value;
}
