import { connect } from 'amqplib';
import { valueAt } from '@runos/tool-e2e';
import { type ServiceUnderTest } from './service-under-test.js';

const queue = 'orders';

/** A RabbitMQ by its own protocol, AMQP. Each call opens a connection: an older one may lead to a pod that has ended. */
export class MessageQueue {
  constructor(readonly service: ServiceUnderTest) {}

  /** Sends one persistent message, and resolves when RabbitMQ has confirmed it. */
  async send(content: string): Promise<void> {
    const connection = await connect(await this.#url(), { timeout: 5_000 });
    try {
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue(queue, { durable: true });
      channel.sendToQueue(queue, Buffer.from(content), { persistent: true });
      await channel.waitForConfirms();
    } finally {
      await connection.close();
    }
  }

  /** The first message, which stays in the queue because it is not acknowledged; undefined when there is none. */
  async read(): Promise<string | undefined> {
    const connection = await connect(await this.#url(), { timeout: 5_000 });
    try {
      const channel = await connection.createChannel();
      const message = await channel.get(queue);
      return message ? message.content.toString() : undefined;
    } finally {
      await connection.close();
    }
  }

  /** The answered URL by the address of its service, because this machine does not resolve names of the cluster. */
  async #url(): Promise<string> {
    const { plane, namespace } = this.service;
    const { url } = await this.service.credentials();
    const service = await plane.kubectl.get('service', namespace, namespace);
    return String(url).replace(/@[^:]{1,300}:/, `@${String(valueAt(service, 'spec', 'clusterIP'))}:`);
  }
}
