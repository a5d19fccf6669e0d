/** The service with a clock that, when it is told with SIGUSR2, reads what CLOCK_AT says and runs on from there. */
const real = Date.now;
let ahead = 0;
Date.now = () => real() + ahead;
process.on('SIGUSR2', () => (ahead = Number(process.env.CLOCK_AT) - real()));
await import('../../dist/main.js');
