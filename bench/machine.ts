/** What else the machine is doing. */
import { cpus } from 'node:os';
import { setTimeout } from 'node:timers/promises';

/** Share of all processors' time that is in use during the next second: what else the machine is doing, if the caller does nothing. */
export async function busyShare(): Promise<number> {
  const times = () => {
    const all = cpus().flatMap(({ times: { user, nice, sys, irq, idle } }) => [user + nice + sys + irq, idle]);
    return [0, 1].map((which) => all.reduce((sum, ms, i) => sum + (i % 2 === which ? ms : 0), 0)) as [busy: number, idle: number];
  };
  const [busyBefore, idleBefore] = times();
  await setTimeout(1000);
  const [busyAfter, idleAfter] = times();
  const busy = busyAfter - busyBefore;
  return busy / (busy + idleAfter - idleBefore);
}
