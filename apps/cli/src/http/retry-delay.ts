/** The delay by which the server has a request repeated that it has not done, ms; undefined for other answers. */
export function retryDelayMs({ status, headers }: Response): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const value = headers.get('retry-after');
  if (value === null || !/^\d{1,9}$/.test(value.trim())) return undefined;
  return Number(value) * 1_000;
}
