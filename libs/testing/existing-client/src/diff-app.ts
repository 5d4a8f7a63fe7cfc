import { isDeepStrictEqual } from 'node:util';
import { bytesOf, documentOf, md5Of, printDocument } from './app-document.js';
import { type AppFolder, readLocal } from './app-folder.js';
import { type AppPlace, type AppState, claimedNames, type Variables } from './app-state.js';
import type { Row } from './wire.js';

export type Section = 'yaml' | 'env' | 'secretEnv' | 'secretFiles' | 'overrides';

/** The own variables of a user: without those that links inject. */
export function ownVariables(variables: Variables, { requires }: Pick<AppState, 'requires'>): Variables {
  const claimed = claimedNames(requires);
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !claimed.has(name)));
}

/** Existing clients compare the bytes of the file, without the lines of two keys. */
const comparedText = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/^(sourceDir|dockerfile):/.test(line))
    .join('\n');

/** The paths of variables, and the class of a link, are those of the local file. */
function expectedText(place: AppPlace, state: AppState, local: Row): string {
  const document = documentOf(place, state);
  for (const name of ['env', 'secretEnv'])
    if (document[name] !== undefined && local[name] !== undefined) document[name] = local[name];
  return printDocument(document);
}

function differs(entries: readonly Row[], named: unknown, key: string, folder: string, content: string): boolean {
  const locals = (named ?? []) as readonly Row[];
  return entries.some((entry) => {
    const local = locals.find((each) => each[key] === entry[key])?.['local'];
    return local === undefined || md5Of(readLocal(folder, local)) !== md5Of(bytesOf(entry[content]));
  });
}

/** The parts of an app in which its files differ from the plane. None: exit code 0, else 2. */
export function diffApp(place: AppPlace, files: AppFolder, state: AppState): readonly Section[] {
  const { document, folder, text } = files;
  const differences: Record<Section, boolean> = {
    yaml: comparedText(text) !== comparedText(expectedText(place, state, document)),
    env: !isDeepStrictEqual(files.env, { ...state.env }),
    secretEnv: !isDeepStrictEqual(ownVariables(files.secretEnv, state), ownVariables(state.secretEnv, state)),
    secretFiles: differs(state.secretFiles, document['secretFiles'], 'filename', folder, 'content'),
    overrides: differs(state.overrides, document['overrides'], 'id', folder, 'data'),
  };
  return (Object.keys(differences) as Section[]).filter((section) => differences[section]);
}
