export { type BuildOptions, buildNatsServer, buildToolbox } from './build/build.js';
export { builtToolbox, type Toolbox } from './build/toolbox.js';
