import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { BareModule } from './bare.controller.js';

/** The reference for reads: Nest and pg with the same queries only. Sends its address to its parent. */
const app = await NestFactory.create(BareModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.send?.(await app.getUrl());
