// Questions to the server whose answers the page can do without.

/** The answer, or undefined where the server refuses or is away: the queue of verdicts says so, and nothing is lost. */
export async function answerFrom(address) {
  try {
    const response = await fetch(address);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}
