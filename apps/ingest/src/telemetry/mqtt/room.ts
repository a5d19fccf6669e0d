/** How many bytes all sessions together may hold that are not acknowledged yet. */
export class Room {
  #held = 0;

  constructor(private readonly maxBytes: number) {}

  /** Without a false, `leave` must follow with the same number. */
  enter(bytes: number): boolean {
    if (this.#held + bytes > this.maxBytes) return false;
    this.#held += bytes;
    return true;
  }

  leave(bytes: number): void {
    this.#held -= bytes;
  }
}
