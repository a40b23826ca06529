/** What has been started, to be stopped. */
export interface StopInOrder {
	/** The newest first: what was started later may need what was there before. */
	add(stop: () => Promise<void>): void;
	/** Stops everything, once. */
	stop(): Promise<void>;
}

export function stopInOrder(): StopInOrder {
	const stops: (() => Promise<void>)[] = [];
	let stopped: Promise<void> | undefined;

	async function stopAll(): Promise<void> {
		for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
	}

	return {
		add: (stop) => void stops.push(stop),
		stop: () => {
			stopped ??= stopAll();
			return stopped;
		},
	};
}
