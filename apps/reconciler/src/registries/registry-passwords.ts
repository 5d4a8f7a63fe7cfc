import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@runos/messaging';
import type { ReconcilerConfig } from '../config.js';
import type { RegistryRow } from '../schema/registry-row.js';

/** Encrypts the passwords of registries at rest. */
@Injectable()
export class RegistryPasswords {
  constructor(@InjectConfig() private readonly config: ReconcilerConfig) {}

  seal(name: Pick<RegistryRow, 'aid' | 'registry_id'>, password: string): string {
    return this.config.keyring.seal(password, contextOf(name));
  }

  unseal(row: Pick<RegistryRow, 'aid' | 'registry_id' | 'password_sealed'>): string {
    return this.config.keyring.unseal(row.password_sealed, contextOf(row));
  }
}

/** The ciphertext is bound to its row. */
const contextOf = ({ aid, registry_id: id }: Pick<RegistryRow, 'aid' | 'registry_id'>): string =>
  `registry/${aid}/${id}`;
