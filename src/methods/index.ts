/** The table of methods. Adding one is a file and a line. */
import { ezvsl } from './ezvsl.js';
import { slavc } from './slavc.js';
import { sslalign } from './sslalign.js';

export type { Architecture, Encoded, Method, Named, ViewKind } from './method.js';

export const methods = { sslalign, ezvsl };

export type MethodName = keyof typeof methods;
export const methodNames = Object.keys(methods) as [MethodName, ...MethodName[]];

/** What models are of: the methods, and networks whose weights come from elsewhere. */
export const architectures = { ...methods, slavc };

export type ArchitectureName = keyof typeof architectures;
export const architectureNames = Object.keys(architectures) as [ArchitectureName, ...ArchitectureName[]];
