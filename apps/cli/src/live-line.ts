import logUpdate from 'log-update';

/** Shows a line that says how it goes: rewritten in place every second on a terminal, else printed every ten seconds. */
export class LiveLine {
  readonly #timer: NodeJS.Timeout;
  readonly #inPlace = process.stdout.isTTY;

  constructor(private readonly line: () => string) {
    this.#timer = setInterval(() => this.#show(), this.#inPlace ? 1_000 : 10_000);
  }

  /** Shows the line for the last time. */
  finish(): void {
    clearInterval(this.#timer);
    this.#show();
    if (this.#inPlace) logUpdate.done();
  }

  /** Prints a message for good, beside the line. */
  say(message: string): void {
    if (this.#inPlace) logUpdate.clear();
    process.stderr.write(`${message}\n`);
    if (this.#inPlace) this.#show();
  }

  #show(): void {
    if (this.#inPlace) logUpdate(this.line());
    else process.stdout.write(`${this.line()}\n`);
  }
}
