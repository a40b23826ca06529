import type { Io } from "./io.ts";

/** A bar on a terminal; elsewhere nothing. */
export interface Progress {
	advance(by: number): void;
	stop(): void;
}

const NONE: Progress = { advance: () => undefined, stop: () => undefined };

/** What takes less is over before anybody could read it. */
const WORTH_A_BAR = 20;

/** @param what is counted, such as `events` */
export async function createProgress({ stderr }: Pick<Io, "stderr">, total: number, what: string): Promise<Progress> {
	const { control, isTTY } = stderr;
	if (isTTY !== true || control === undefined || total < WORTH_A_BAR) return NONE;
	const { Presets, SingleBar } = await import("cli-progress");
	const bar = new SingleBar(
		{
			format: `{bar} {value} of {total} ${what}, {eta_formatted} left`,
			// It writes, moves the cursor and asks for the columns, no more.
			stream: { write: control, isTTY, columns: stderr.columns } as unknown as NodeJS.WritableStream,
			clearOnComplete: true,
			gracefulExit: false,
			hideCursor: false,
			barsize: 30,
		},
		Presets.shades_classic,
	);
	bar.start(total, 0);
	return { advance: (by) => bar.increment(by), stop: () => bar.stop() };
}
