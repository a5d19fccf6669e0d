import type { SessionRepository, SessionStanding, SessionState } from './session.repository.js';
import { SessionRegistry } from './session-registry.service.js';

const alive = (userId: string): SessionState => ({ userId, roles: ['nurse'] });

/** A repository whose answers are given by the test. */
function questions() {
  const asked: ((standing: SessionStanding) => void)[] = [];
  const repository: Pick<SessionRepository, 'findStanding'> = {
    findStanding: () => new Promise((resolve) => asked.push(resolve)),
  };
  return { asked, registry: new SessionRegistry(repository as SessionRepository) };
}

describe('the session registry', () => {
  it('asks once for concurrent questions about one session', async () => {
    const { asked, registry } = questions();
    const answers = [registry.find('s'), registry.find('s')];
    asked[0]?.(alive('u'));
    expect(await Promise.all(answers)).toEqual([alive('u'), alive('u')]);
    expect(asked).toHaveLength(1);
  });

  it('answers a question that was under way when the session was forgotten, and keeps nothing of it', async () => {
    const { asked, registry } = questions();
    const before = registry.find('s');
    registry.forget('s');
    asked[0]?.(alive('u'));
    expect(await before).toEqual(alive('u'));
    const after = registry.find('s');
    asked[1]?.(undefined);
    expect(await after).toBeUndefined();
    expect(asked).toHaveLength(2);
  });
});
