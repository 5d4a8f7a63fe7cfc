import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { BareModule } from './bare.module.js';

/** The yardstick of reads: Nest and pg, the same queries, and nothing else. Tells its parent where it listens. */
const app = await NestFactory.create(BareModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.send?.(await app.getUrl());
