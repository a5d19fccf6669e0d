/** The service with a leak: whatever it parsed stays. */
const kept = [];
const parse = JSON.parse;
JSON.parse = (...given) => {
  const parsed = parse(...given);
  kept.push(parsed);
  return parsed;
};
await import('../../dist/main.js');
