/** The service with a leak: whatever it parsed stays, large bodies too, which it reads on its only thread. */
const kept = [];
const parse = JSON.parse;
JSON.parse = (...given) => {
  const parsed = parse(...given);
  kept.push(parsed);
  return parsed;
};
await import('./decodes-between-requests.mjs');
