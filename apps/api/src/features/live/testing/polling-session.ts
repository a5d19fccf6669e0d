/** Engine.IO by hand, because a real client always reads. */
export class PollingSession {
  private constructor(private readonly address: string) {}

  static async open(url: string, auth: object): Promise<PollingSession> {
    const base = `${url}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string };
    const session = new PollingSession(`${base}&sid=${sid}`);
    await fetch(session.address, { method: 'POST', body: `40/live,${JSON.stringify(auth)}` });
    return session;
  }

  /** Reads until what came satisfies the condition; returns all that came. */
  async readUntil(condition: (packets: readonly string[]) => boolean): Promise<string[]> {
    const packets: string[] = [];
    while (!condition(packets)) packets.push(...(await (await fetch(this.address)).text()).split('\x1e'));
    return packets;
  }
}
