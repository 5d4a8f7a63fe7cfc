import type { Role } from '@runos/api';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A personal access token; its secret is stored as a hash. */
@Entity('api_key')
export class ApiKeyRow {
  @PrimaryColumn({ type: 'text' }) keyId: string;
  @Column({ type: 'text' }) aid: string;
  @Column({ type: 'uuid' }) userId: string;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) role: Role;
  @Column({ type: 'text' }) secretHash: string;
  @Column({ type: 'timestamptz' }) expiresAt: Date;
}
