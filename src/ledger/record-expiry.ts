import type { LaneLease } from "./lane-lease.ts";

/**
 * Writes down when a lane's token ends, as the service says it. Only the one that holds a lane writes its state; while a
 * drainer does, nothing is written: it hears the same from the service itself.
 * @param expiresAt ISO 8601; null where the service names no end
 */
export async function recordExpiry(
	take: (lane: string) => Promise<LaneLease | undefined>,
	lane: string,
	expiresAt: string | null,
): Promise<void> {
	const lease = await take(lane);
	if (lease === undefined) return;
	try {
		await lease.read(() => true);
		if (lease.foreign() !== undefined || lease.state().tokenExpiresAt === expiresAt) return;
		await lease.commit({ ...lease.state(), tokenExpiresAt: expiresAt }, []);
	} finally {
		await lease.release();
	}
}
