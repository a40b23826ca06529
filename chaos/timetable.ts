/** Does things at their times. */
export interface Timetable {
	/** Resolves when everything was done. */
	readonly done: Promise<void>;
	/** Does nothing more. */
	cancel(): void;
}

/** @param startAt what the items' times are counted from, epoch milliseconds */
export function keepTimetable(
	items: readonly { readonly at: number; readonly run: () => unknown }[],
	startAt: number,
): Timetable {
	const timers = new Map<NodeJS.Timeout, () => void>();
	const done = Promise.all(
		items.map(
			({ at, run }) =>
				new Promise<void>((resolve, reject) => {
					const act = () => {
						timers.delete(timer);
						Promise.resolve(run()).then(() => resolve(), reject);
					};
					const timer = setTimeout(act, Math.max(0, startAt + at - Date.now()));
					timers.set(timer, resolve);
				}),
		),
	).then(() => {});
	return {
		done,
		cancel() {
			for (const [timer, resolve] of timers) {
				clearTimeout(timer);
				resolve();
			}
			timers.clear();
		},
	};
}
