import { type KubeObject, mapAt } from '@runos/kube-objects';

/** The limit of the protocol, characters. */
const maxMessageLength = 4_096;
/** Shorter values are in any text by chance. */
const minSecretLength = 4;

/** The words of the API server about a bundle, without the values of its Secrets, which a webhook may quote. */
export function withoutSecrets(message: string, objects: readonly KubeObject[]): string {
  const secrets = objects.filter(({ kind }) => kind === 'Secret');
  const values = secrets.flatMap((secret) =>
    Object.values(mapAt(secret, 'data')).flatMap((value) => {
      const encoded = String(value);
      return [encoded, Buffer.from(encoded, 'base64').toString('utf8')];
    }),
  );
  const hidden = values
    .filter(({ length }) => length >= minSecretLength)
    .sort((a, b) => b.length - a.length)
    .reduce((text, value) => text.replaceAll(value, '(hidden)'), message);
  return hidden.length <= maxMessageLength ? hidden : `${hidden.slice(0, maxMessageLength - 1)}…`;
}
