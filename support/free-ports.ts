import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * The first of two adjacent ports that are free. Looked for below the range that systems hand out by themselves, so
 * that none of them is given away before it is used.
 */
export async function freePorts(): Promise<number> {
	for (let tries = 0; tries < 50; tries++) {
		const port = randomInt(15_000, 32_000);
		if ((await isFree(port)) && (await isFree(port + 1))) return port;
	}
	throw new Error("there are no two adjacent free ports");
}

/** Whether a port of 127.0.0.1 can be listened on. */
export function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
	});
}
