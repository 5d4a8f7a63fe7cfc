import type { AppFile } from './app-file.js';
import type { SizeFields } from './compare-size.js';

type Variables = Readonly<Record<string, string>>;

/** An app as its file has it, with what the files hold that it names. */
export interface AppContent {
  readonly file: AppFile;
  /** Plain variables; undefined: they are not compared. */
  readonly env?: Variables | undefined;
  /** Secret variables, likewise. */
  readonly secretEnv?: Variables | undefined;
  /** Class and numbers; absent: those of the file. The file of a class has no numbers. */
  readonly size?: SizeFields | undefined;
  /** MD5 of each file that a secret file or an override names, by its local path. An absent one is not compared. */
  readonly md5s: Readonly<Record<string, string>>;
}
