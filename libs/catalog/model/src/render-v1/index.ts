export { labelsOf } from './labels.js';
export { credentialsSecret, credentialsSecretName, namespaceOf, owned, restartAnnotation } from './objects.js';
export { claimTemplate, containerSecurity, podSecurity, spreadOverNodes } from './pods.js';
export { hostOf, imageReference } from './references.js';
export { resourcesOf, storageClassOf, volumeSizeOf } from './resources.js';
