/** What is said about the samples that were left out. */
import type { Problem } from './types.js';

/** Files named for each reason. */
const named = 3;

/**
 * A short text about problems among `total` samples: how many, then every reason with its count, the most frequent first, and the first
 * files of each in full. Reasons count as one when they agree up to the first colon. '' when there are none.
 */
export function reportOf(problems: readonly Problem[], total: number): string {
  if (problems.length === 0) return '';
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const kind = problem.reason.split(':', 1)[0]!;
    const group = groups.get(kind);
    if (group === undefined) groups.set(kind, [problem]);
    else group.push(problem);
  }
  const lines = [`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in ${total} samples:`];
  for (const [kind, group] of [...groups].sort(([, a], [, b]) => b.length - a.length)) {
    lines.push(`  ${group.length} x ${kind}`);
    for (const { file, reason } of group.slice(0, named)) lines.push(`    ${file}${reason.slice(kind.length)}`);
    if (group.length > named) lines.push(`    and ${group.length - named} more`);
  }
  return lines.join('\n');
}
