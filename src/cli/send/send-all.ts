import pMap from "p-map";
import type { Io } from "../io.ts";
import { createProgress } from "../progress.ts";
import type { Delivery, Door } from "./deliveries.ts";
import { createTally, type Summary } from "./tally.ts";

/**
 * Sends everything, so many requests at once; Ctrl-C lets those end that are under way.
 * @param burst how many requests at once
 */
export async function sendAll(door: Door, deliveries: readonly Delivery[], burst: number, io: Io): Promise<Summary> {
	const tally = createTally();
	const total = deliveries.reduce((sum, { elements }) => sum + elements.length, 0);
	const progress = await createProgress(io, total, "events");
	const start = io.now();
	const send = async (delivery: Delivery) => {
		if (io.signal?.aborted === true) return;
		tally.add(delivery, await door.deliver(delivery));
		progress.advance(delivery.elements.length);
	};
	try {
		await pMap(deliveries, send, { concurrency: burst });
	} finally {
		progress.stop();
	}
	return tally.summary(io.now() - start);
}
