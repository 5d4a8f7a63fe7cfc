import { Injectable } from '@nestjs/common';
import { InjectConfig, type ReconcilerConfig } from '../config.js';

/** The secrets of instances, by the names of their type's recipes; in the database they are sealed. */
@Injectable()
export class Secrets {
  constructor(@InjectConfig() private readonly config: ReconcilerConfig) {}

  seal(osid: string, secrets: Readonly<Record<string, string>>): string {
    return this.config.keyring.seal(JSON.stringify(secrets), about(osid));
  }

  open(instance: { readonly osid: string; readonly secrets_sealed: string }): Record<string, string> {
    return JSON.parse(this.config.keyring.open(instance.secrets_sealed, about(instance.osid))) as Record<
      string,
      string
    >;
  }
}

const about = (osid: string): string => `instance/${osid}`;
