const [firstPauseMs, longestPauseMs] = [5, 50];

/**
 * Resolves once the condition holds. It is asked less often the longer it takes: asking may cost a connection.
 * @throws an Error after `within` milliseconds
 */
export async function until(condition: () => boolean | Promise<boolean>, within = 10_000): Promise<void> {
  const end = Date.now() + within;
  for (let pauseMs = firstPauseMs; !(await condition()); pauseMs = Math.min(pauseMs * 1.3, longestPauseMs)) {
    if (Date.now() > end) throw new Error(`after ${within} ms still not: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
