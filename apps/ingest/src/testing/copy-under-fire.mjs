// Copies one row per transaction while its backends are being killed: copy-under-fire.mjs <driver> <url> <table>
// Prints the number of each transaction that was reported as committed, until its input ends.

const [driver, url, table] = process.argv.slice(2);
const { default: postgres } = await import(driver);
// As connectDatabase has it. With fetch_types a backend that dies during the first query is an unhandled rejection.
const options = { max: 1, prepare: false, fetch_types: false, connect_timeout: 5, backoff: 0.02 };
const sql = postgres(url, { ...options, onnotice() {}, connection: { application_name: 'under-fire' } });

let going = true;
process.stdin.once('end', () => (going = false)).resume();

const copy = (n) => sql.unsafe(`begin; copy ${table} (n) from stdin; commit`, [], { copy: [Buffer.from(`${n}\n`)] });

for (let n = 1_000; going; n++) {
  try {
    await copy(n);
    process.stdout.write(`${n}\n`);
  } catch {
    await sql.unsafe('rollback').catch(() => undefined);
  }
}
await sql.end({ timeout: 1 });
