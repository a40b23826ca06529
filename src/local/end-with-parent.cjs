/**
 * Loaded into a child process before its program: ends it with SIGTERM, the signal by which it writes what it holds to
 * disk, as soon as its parent is gone. The channel between them breaks even where a SIGKILL ended the parent.
 */
let isEnding = false;

process.on("SIGTERM", () => {
	if (isEnding) return;
	isEnding = true;
	// Our listener keeps the signal from ending a program that does not listen itself, or not yet.
	if (process.listenerCount("SIGTERM") === 1) process.exit(143);
	// An open channel would keep the process running.
	if (process.connected) process.disconnect();
});

process.on("disconnect", () => {
	if (!isEnding) process.kill(process.pid, "SIGTERM");
});

// What is printed while it ends reaches nobody any more; unheard, that error would end it at once.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
