export { credentialsSecret, credentialsSecretName, namespaceOf, owned, restartAnnotation } from './objects.js';
export { claimTemplate, containerSecurity, podSecurity, spreadOverNodes } from './pods.js';
export { resourcesOf, storageClassOf, volumeSizeOf } from './resources.js';
