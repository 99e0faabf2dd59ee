/** The table of methods. Adding one is a file and a line. */
import { ezvsl } from './ezvsl.js';
import { sslalign } from './sslalign.js';

export type { Encoded, Method, Named, ViewKind } from './method.js';

export const methods = { sslalign, ezvsl };

export type MethodName = keyof typeof methods;
export const methodNames = Object.keys(methods) as [MethodName, ...MethodName[]];
