import { describe, expect, it } from '@jest/globals';
import { condition, pod, waiting } from '../test/objects.js';
import { podHealth as healthOf } from './pod-health.js';

describe('the health of a pod', () => {
  it('contains a remedy for a container that must not run as root', () => {
    const remedyOf = (message: string) =>
      healthOf(pod(waiting('CreateContainerConfigError', {}, message))).message.slice(message.length);
    const numericUser = 'Containers must not run as root here: build the image with a numeric USER other than 0.';
    for (const message of [
      'container has runAsNonRoot and image will run as root (pod: "web_app-abcde(1)", container: main)',
      'container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root',
    ]) {
      expect(healthOf(pod(waiting('CreateContainerConfigError', {}, message)))).toEqual({
        state: 'failed',
        reason: 'CreateContainerConfigError',
        message: `Pod web cannot start docker.io/valkey:9: ${message}. ${numericUser}`,
      });
    }
    expect(remedyOf('secret "token" not found')).toMatch(/A Secret or ConfigMap it refers to is missing/);
    expect(remedyOf('failed to prepare subPath for volumeMount "data" of container "main"')).toMatch(
      /Check the paths in the volumes of the pod\.$/,
    );
  });

  it('contains a remedy for a pod whose claim cannot give it a volume', () => {
    const messageOf = (message: string) => {
      const unscheduled = condition('PodScheduled', 'False', { reason: 'Unschedulable', message });
      return healthOf(pod({ phase: 'Pending', conditions: [unscheduled] })).message;
    };
    expect(messageOf('0/1 nodes are available: persistentvolumeclaim "nope" not found. not found')).toBe(
      'Pod web waits for its volume: 0/1 nodes are available: persistentvolumeclaim "nope" not found. ' +
        'The claim does not exist: create it, or correct its name in the volumes of the pod.',
    );
    expect(messageOf('persistentvolumeclaim "data" is being deleted')).toContain('look at its finalizers');
    expect(messageOf('persistentvolumeclaim "data" bound to non-existent persistentvolume "pv"')).toContain(
      'The volume of the claim is gone',
    );
    expect(messageOf('pod has unbound immediate PersistentVolumeClaims')).toMatch(/Check the storage class/);
  });
});
