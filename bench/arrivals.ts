import { readAll, type Server, serve } from "../src/local/serve.ts";

/** A GitHub in this process, whose clock the sender of events shares: takes everything, and tells when. */
export interface Arrivals extends Pick<Server, "url" | "close"> {
	/** When the next dispatch has wholly arrived, by `performance.now()`. To be asked before it is sent. */
	next(): Promise<number>;
}

export async function startArrivals(): Promise<Arrivals> {
	let arrived: (at: number) => void = () => {};
	const { url, close } = await serve(0, (request, response) => {
		const read = readAll(request).then(() => {
			arrived(performance.now());
			response.writeHead(204).end();
		});
		read.catch(() => response.destroy());
	});
	const next = () =>
		new Promise<number>((resolve) => {
			arrived = resolve;
		});
	return { url, close, next };
}
