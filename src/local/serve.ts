import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { foreignReason } from "./foreign-request.ts";

/** A server on this machine's loopback, and only there. */
export interface Server {
	/** Without a slash at its end. */
	readonly url: string;
	readonly port: number;
	/** Ends it, with every connection that is still open. */
	close(): Promise<void>;
}

/**
 * Serves on 127.0.0.1; port 0 takes a free one. What a foreign web page may have sent is answered 403 and reaches no
 * listener (see `foreignReason`). Rejects as `listen` does, for one with EADDRINUSE.
 */
export async function serve(port: number, listener: RequestListener): Promise<Server> {
	const server = createServer((request, response) => {
		const reason = foreignReason(request.headers, request.socket.localPort ?? 0);
		if (reason === undefined) return listener(request, response);
		// Closed, since the body is not read.
		response.writeHead(403, { "content-type": "application/json; charset=utf-8", connection: "close" });
		response.end(JSON.stringify({ error: reason }));
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", resolve);
	});
	const { port: taken } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${taken}`,
		port: taken,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

/** A request's whole body. */
export async function readAll(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}
