import type { Hold } from "./hold.ts";

/**
 * Writes down when a lane's token ends, as the service says it. Only the one that holds a lane writes its state; while a
 * drainer does, nothing is written: it hears the same from the service itself.
 * @param expiresAt ISO 8601; null where the service names no end
 */
export async function recordExpiry(
	take: (lane: string) => Promise<Hold | undefined>,
	lane: string,
	expiresAt: string | null,
): Promise<void> {
	const hold = await take(lane);
	if (hold === undefined) return;
	try {
		await hold.read(() => true);
		if (hold.foreign() !== undefined || hold.state().tokenExpiresAt === expiresAt) return;
		await hold.commit({ ...hold.state(), tokenExpiresAt: expiresAt }, []);
	} finally {
		await hold.release();
	}
}
