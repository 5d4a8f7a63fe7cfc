import type { Environment } from '../config.js';
import { ConfigFile } from '../configuration/config-file.js';
import { OsKeyStore } from '../configuration/os-key-store.js';
import { type Settings, settingsOf } from '../configuration/settings.js';
import { ApiClient } from '../http/api-client.js';
import { Output, type OutputOptions } from '../output/output.js';
import type { Terminal } from './terminal.js';

/** What every command works with. */
export class CommandContext {
  readonly configFile: ConfigFile;

  constructor(
    readonly terminal: Terminal,
    readonly environment: Environment,
    readonly now: () => Date = () => new Date(),
  ) {
    this.configFile = new ConfigFile(environment.folder, new OsKeyStore(terminal.env));
  }

  /** Read at each call: a command may have changed the file. */
  get settings(): Settings {
    return settingsOf(this.environment, this.configFile.read());
  }

  /** A client for these settings, by default the current ones. It repeats what the server delays for `retryTimeoutMs`. */
  client(settings: Settings = this.settings, retryTimeoutMs?: number): ApiClient {
    return new ApiClient({ settings, retryTimeoutMs, note: (line) => void this.terminal.stderr.write(`${line}\n`) });
  }

  output(options: OutputOptions): Output {
    return new Output(this.terminal, options);
  }
}
