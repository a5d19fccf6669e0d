// Asks a reserved connection whose backend died: query-after-death.mjs <driver> <url>
// A driver that survives it rejects the query; the exit code says whether it did.
const [driver, url] = process.argv.slice(2);
const { default: postgres } = await import(driver);
const sql = postgres(url, { max: 2, onnotice() {} });
const reserved = await sql.reserve();
const [{ pid }] = await reserved`select pg_backend_pid() as pid`;
await sql`select pg_terminate_backend(${pid})`;
await sql`select pg_sleep(0.2)`;
const outcome = await reserved`select 1`.then(
  () => 'answered',
  (err) => err.code,
);
process.stdout.write(outcome);
process.exit();
