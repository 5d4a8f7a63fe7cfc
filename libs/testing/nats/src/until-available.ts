import { waitUntil } from '@runos/testing-process';

/**
 * Repeats a request while it is refused as unavailable, as after a restart of NATS.
 * @throws Error another failure of the request, or that it is unavailable for a minute
 */
export async function untilAvailable<T>(request: () => Promise<T>): Promise<T> {
  let reply: { readonly value: T } | undefined;
  const isAvailable = async (): Promise<boolean> => {
    try {
      reply = { value: await request() };
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'unavailable') throw error;
    }
    return reply !== undefined;
  };
  await waitUntil(isAvailable, { because: () => 'the request is still refused as unavailable' });
  return (reply as unknown as { readonly value: T }).value;
}
