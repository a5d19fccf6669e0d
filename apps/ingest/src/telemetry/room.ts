/** In bytes: what all sessions have together, and what each has beside that for itself. */
export interface RoomSizes {
  readonly shared: number;
  readonly each: number;
}

/** What one session may hold. */
export interface RoomShare {
  /** Without a false, `leave` must follow with the same number. */
  enter(bytes: number): boolean;
  leave(bytes: number): void;
}

/** How many bytes sessions may hold of what is not settled yet. None of them can take the last room of another. */
export class Room {
  #shared = 0;

  constructor(private readonly sizes: RoomSizes) {}

  /** Of one session. */
  share(): RoomShare {
    let held = 0;
    const hold = (bytes: number): boolean => {
      const beyond = Math.max(0, bytes - this.sizes.each) - Math.max(0, held - this.sizes.each);
      if (beyond > 0 && this.#shared + beyond > this.sizes.shared) return false;
      this.#shared += beyond;
      held = bytes;
      return true;
    };
    return { enter: (bytes) => hold(held + bytes), leave: (bytes) => void hold(held - bytes) };
  }
}
