/** When the server asks to repeat a request it has not done, the time until then, ms; undefined for other answers. */
export function retryDelayMs({ status, headers }: Response): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const value = headers.get('retry-after');
  if (value === null || !/^\d{1,9}$/.test(value.trim())) return undefined;
  return Number(value) * 1_000;
}
