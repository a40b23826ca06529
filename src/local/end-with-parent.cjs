/**
 * Loaded into a child process before its program: ends it with SIGTERM, the signal by which it writes its data to
 * disk, as soon as its parent is gone. The channel between them breaks even where a SIGKILL ended the parent.
 */
let isEnding = false;

process.on("SIGTERM", () => {
	if (isEnding) return;
	isEnding = true;
	// With our listener, the signal does not end a program that does not listen itself, or not yet.
	if (process.listenerCount("SIGTERM") === 1) process.exit(143);
	// A process with an open channel does not end.
	if (process.connected) process.disconnect();
});

process.on("disconnect", () => {
	if (!isEnding) process.kill(process.pid, "SIGTERM");
});

// What is printed while it ends has no reader any more; without a listener, that error would end it at once.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
