/** Resolves once the condition holds. @throws an Error after `within` milliseconds */
export async function until(condition: () => boolean | Promise<boolean>, within = 10_000): Promise<void> {
  const end = Date.now() + within;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`after ${within} ms still not: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
