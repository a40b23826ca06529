const EVERY_MS = 50;

/**
 * Watches how much memory this process has at most, in bytes. Looked at now and then: what the system itself keeps of a
 * process's peak begins with that of the process it was forked from.
 */
export function watchMemory(): { peak(): number } {
	let peak = process.memoryUsage.rss();
	const look = () => {
		peak = Math.max(peak, process.memoryUsage.rss());
	};
	setInterval(look, EVERY_MS).unref();
	return {
		peak() {
			look();
			return peak;
		},
	};
}
