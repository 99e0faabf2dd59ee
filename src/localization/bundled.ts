/** The model that comes with the package. */
import { fileURLToPath } from 'node:url';

/** Its file; `models/README.md` says what it knows, from what, and what it does badly. */
export const bundledModel = fileURLToPath(new URL('../../models/earshot.safetensors', import.meta.url));
