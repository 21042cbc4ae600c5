import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DEFAULT_LIMITS } from '#dist/lib/embedder/limits.js';
import { Pulse } from '#dist/lib/embedder/pulse.js';

const STALL_SECONDS = 30;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When and why a child is given up that beats like this, or undefined within so many seconds. */
function lostAfter(seconds: number, beat: (second: number) => { progress: number; cpuMs: number } | null) {
  const lost: { second: number; cause: string }[] = [];
  let now = 0;
  const pulse = new Pulse(
    DEFAULT_LIMITS,
    () => STALL_SECONDS * 1_000,
    (cause) => lost.push({ second: now, cause }),
  );
  pulse.start();
  while (now++ < seconds) {
    const heard = beat(now);
    if (heard !== null) {
      pulse.sign();
      pulse.heard(heard);
    }
    vi.advanceTimersByTime(1_000);
  }
  pulse.stop();
  return lost[0];
}

describe('a child is given up', () => {
  it('when it is silent for ten heartbeats', () => {
    const lost = lostAfter(100, () => null);
    expect(lost?.cause).toContain('no sign of life');
    expect(lost?.second).toBeLessThanOrEqual(12);
  });

  it('when it makes no progress within the deadline', () => {
    const lost = lostAfter(100, () => ({ progress: 0, cpuMs: 0 }));
    expect(lost?.cause).toContain('no progress for 30 s');
    expect(lost?.second).toBeGreaterThanOrEqual(STALL_SECONDS);
    expect(lost?.second).toBeLessThanOrEqual(STALL_SECONDS + 2);
  });

  it('never while it makes progress: that moves the deadline', () => {
    expect(lostAfter(600, (second) => ({ progress: Math.floor(second / 25), cpuMs: 0 }))).toBeUndefined();
  });

  it('ten times as late while it computes: a long decode is not a stuck one, but has an end', () => {
    const lost = lostAfter(1_000, (second) => ({ progress: 0, cpuMs: second * 1_000 }));
    expect(lost?.cause).toContain('no progress');
    expect(lost?.second).toBeGreaterThan(STALL_SECONDS * 9);
    expect(lost?.second).toBeLessThan(STALL_SECONDS * 11);
  });
});
