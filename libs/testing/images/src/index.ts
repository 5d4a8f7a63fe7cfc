export { clusterAgentImage } from './agent/cluster-agent-image.js';
export { type ImageOptions, imagesFor, type ImageSource, probeSources } from './images-for.js';
export { provideImages } from './provide-images.js';
export { probeImages } from './probe-images.js';
export { operatorImage, operatorReference } from './recipes/operator-image.js';
export { type ServiceImage, serviceImages } from './recipes/service-images.js';
export {
  testWebFilePath,
  testWebHealthPath,
  testWebImage,
  testWebPort,
  type TestWebVariables,
  testWebVariablePath,
} from './recipes/test-web-image.js';
