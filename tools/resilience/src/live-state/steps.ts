import { eventually, type Instance, type PlaneClient, valueAt } from '@runos/tool-e2e';

type Fields = Readonly<Record<string, unknown>>;

/** How long anything of a row may take to be seen, ms. */
const withinMs = 60_000;

/** Waits for a value that fits, and returns the last one anyway: the result compares it. */
export async function seen<T>(read: () => Promise<T>, fits: (value: T) => boolean, forMs = withinMs): Promise<T> {
  let last: { readonly value: T } | undefined;
  await eventually(
    'a fitting value',
    async () => {
      last = { value: await read() };
      return fits(last.value);
    },
    forMs,
  ).catch(() => undefined);
  return last === undefined ? read() : last.value; // a read that always fails throws why
}

/** The status of an instance, once it is this one. */
export const statusOnce = (plane: PlaneClient, instance: Instance, status: string): Promise<Fields> =>
  seen(
    () => plane.show(instance),
    (shown) => shown['status'] === status,
  );

/** The first event that fits; undefined if there is none. */
export async function eventOf(
  plane: PlaneClient,
  instance: Instance,
  fits: (event: Fields) => boolean,
): Promise<Fields | undefined> {
  const find = async () => (await plane.events(instance)).find(fits);
  return seen(find, (event) => event !== undefined);
}

/** The event about the repair of a field. */
export const repairOf = (plane: PlaneClient, instance: Instance, field: string): Promise<Fields | undefined> =>
  eventOf(
    plane,
    instance,
    ({ type, fields }) => type === 'DriftRepaired' && (fields as string[]).some((path) => path.includes(field)),
  );

export const jobOf = async (plane: PlaneClient, jobId: unknown): Promise<Fields> =>
  (await plane.api.get(`/jobs/${String(jobId)}`)).body;

/** A condition of an instance. */
export const conditionIn = (shown: Fields, name: string): Fields | undefined =>
  (shown['conditions'] as Fields[]).find(({ type }) => type === name);

/** The names of the items at a path of a live object. */
export async function namesAt(
  plane: PlaneClient,
  kind: string,
  { osid }: Instance,
  ...path: (string | number)[]
): Promise<unknown[]> {
  const items = (valueAt(await plane.kubectl.get(kind, osid, osid), ...path) ?? []) as { name?: unknown }[];
  return items.map(({ name }) => name);
}

/** A JSON patch as a person makes it with kubectl. */
export const jsonPatch = (plane: PlaneClient, kind: string, name: string, namespace: string, ...steps: object[]) =>
  plane.kubectl.run(['patch', kind, name, '-n', namespace, '--type=json', '-p', JSON.stringify(steps)]);

/** Requests the deletion of an instance, and does not wait for it. */
export const remove = async (plane: PlaneClient, { path }: Instance): Promise<unknown> =>
  (await plane.api.delete(path)).body['jobId'];
