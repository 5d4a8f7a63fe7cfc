import { Controller } from '@nestjs/common';
import { matchingTopics, type OperationInput, searchTopics, showBootstrap, showTopic, topicText } from '@runos/api';
import { Fault } from '@runos/kernel';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';
import { roleTopics } from './role-topics.js';

/** The command catalog as documents, for models that use the commands as tools. */
@Controller()
export class TopicsController {
  @Operation(showBootstrap)
  bootstrap(_: OperationInput<typeof showBootstrap>, { role }: CallContext) {
    return roleTopics(role).bootstrap;
  }

  @Operation(searchTopics)
  search({ query: { keywords } }: OperationInput<typeof searchTopics>, { role }: CallContext) {
    return { topics: matchingTopics(roleTopics(role).topics, keywords) };
  }

  /** @throws Fault `topic.not_found` also for a topic that the role has no commands of */
  @Operation(showTopic)
  show({ params: { key } }: OperationInput<typeof showTopic>, { role }: CallContext) {
    const { topics } = roleTopics(role);
    const topic = topics.find((one) => one.key === key);
    if (topic !== undefined)
      return { key, title: topic.title, commands: topic.commands.length, text: topicText(topic) };
    const keys = topics.map((one) => one.key).join(', ');
    throw new Fault('topic.not_found', `There is no topic '${key}' for your role. The topics are ${keys}.`);
  }
}
