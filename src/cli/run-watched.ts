import type { RunningBridge, Workshop } from "./workshop.ts";

export interface WatchOptions {
	readonly workshop: Workshop;
	/** Starts the bridge that was built last. */
	readonly run: () => RunningBridge;
	readonly say: (text: string) => void;
	readonly signal: AbortSignal | undefined;
	/** Editors write a file more than once: what changes within this time is one change. */
	readonly quietMs?: number;
}

/**
 * Runs the bridge; builds it anew after each change, and starts it again where that went well. Ends with the signal, or
 * with a bridge that ends by itself.
 * @returns the exit code of that bridge
 */
export async function runWatched({ workshop, run, say, signal, quietMs = 200 }: WatchOptions): Promise<number | null> {
	let running = run();
	let timer: NodeJS.Timeout | undefined;
	/** One build at a time; a change during a build asks for another one. */
	let rebuilding: Promise<void> | undefined;
	let changedAgain = false;
	let replaced = false;
	const isOver = () => signal?.aborted === true;

	async function rebuild(): Promise<void> {
		do {
			changedAgain = false;
			if (!(await workshop.build())) {
				say("the build failed; a bridge that is running stays as it is, and the next change starts a new build");
			} else if (!changedAgain && !isOver()) {
				replaced = true;
				running.stop();
				await running.ended;
				running = run();
			}
		} while (changedAgain && !isOver());
	}

	const stopWatching = workshop.watch((file) => {
		clearTimeout(timer);
		timer = setTimeout(() => {
			say(`changed: ${file}`);
			changedAgain = true;
			rebuilding ??= rebuild().finally(() => {
				rebuilding = undefined;
			});
		}, quietMs);
	});
	const stop = () => running.stop();
	signal?.addEventListener("abort", stop, { once: true });
	try {
		for (;;) {
			const code = await running.ended;
			// A bridge that ends without being replaced has ended for a reason of its own.
			if (!replaced || isOver()) return code;
			await rebuilding;
			replaced = false;
		}
	} finally {
		clearTimeout(timer);
		stopWatching();
	}
}
