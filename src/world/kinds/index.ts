/** The table of kinds that sound: a kind is a file beside this one and a line in here. */
import type { Kind } from '../kind.js';
import { bee } from './bee.js';
import { bell } from './bell.js';
import { bird } from './bird.js';
import { car } from './car.js';
import { cat } from './cat.js';
import { clock } from './clock.js';
import { drum } from './drum.js';
import { duck } from './duck.js';
import { frog } from './frog.js';
import { guitar } from './guitar.js';
import { kettle } from './kettle.js';
import { phone } from './phone.js';
import { robot } from './robot.js';
import { siren } from './siren.js';
import { tap } from './tap.js';
import { whistle } from './whistle.js';

export const kinds: readonly Kind[] = [
  bee,
  bell,
  bird,
  car,
  cat,
  clock,
  drum,
  duck,
  frog,
  guitar,
  kettle,
  phone,
  robot,
  siren,
  tap,
  whistle,
];
