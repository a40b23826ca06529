import { plain } from "../../log.ts";
import { shownUrl } from "../bridge-url.ts";
import { colour } from "../colour.ts";
import type { Io } from "../io.ts";
import type { Handshake } from "./play-handshakes.ts";

/** Prints how the handshakes of a webhook ended. */
export function printHandshakes(io: Io, url: URL, played: readonly Handshake[]): void {
	const paint = colour(io.stdout, io.env);
	io.stdout.write(`${shownUrl(url)}\n`);
	for (const { form, ok, status, answer } of played) {
		const classification = ok ? paint("green", "taken  ") : paint("red", "refused");
		io.stdout.write(`  ${classification}  ${form.padEnd(17)}  ${status ?? "-"}  ${plain(answer)}\n`);
	}
}
