/** `earshot protocols`. */
import type { Command } from 'commander';
import { describeProtocol } from '../evaluation/describe.js';
import { protocols } from '../evaluation/protocols.js';

export function addProtocols(program: Command): void {
  program
    .command('protocols')
    .description('list the evaluation protocols, whose they are and what they do')
    .action(() => {
      for (const protocol of Object.values(protocols))
        console.log(`${protocol.name}\n  ${describeProtocol(protocol)}\n  ${protocol.source}`);
    });
}
