import { plain } from "../../log.ts";
import { type Ask, errorIn, GIVE_TOKEN, wantsToken } from "../ask.ts";
import { shownUrl } from "../bridge-url.ts";
import { colour } from "../colour.ts";
import { askForCode, askForOrigin, type HandshakeAnswer, type Subscribed } from "../handshakes.ts";
import type { Io } from "../io.ts";

/** How a handshake ended. */
export interface Handshake {
	readonly form: "Event Grid schema" | "CloudEvents";
	readonly ok: boolean;
	/** Null where nothing answered. */
	readonly status: number | null;
	readonly answer: string;
}

export interface HandshakeOptions extends Subscribed {
	/** What is wanted back. */
	readonly code: string;
	/** The topic that subscribes, as its ARM id. */
	readonly topic: string;
	/** ISO 8601. */
	readonly time: string;
}

/** Event Grid's, in the public cloud. */
const ORIGIN = "eventgrid.azure.net";

/** Plays both handshakes of a subscription, and says what came of them. */
export async function playHandshakes(ask: Ask, options: HandshakeOptions): Promise<readonly Handshake[]> {
	const code = await askForCode(ask, options, options);
	const origin = await askForOrigin(ask, options, ORIGIN);
	const noCode =
		code.status === 200 ? "the answer does not contain the code" : `the status must be 200${because(code)}`;
	const allowed = origin.headers.get("webhook-allowed-origin") === "*" ? "every origin" : ORIGIN;
	const noOrigin = `it does not accept events from ${ORIGIN}${because(origin)}`;
	return [
		played("Event Grid schema", options, code, code.taken ? "it returned the code" : noCode),
		played("CloudEvents", options, origin, origin.taken ? `it accepts events from ${allowed}` : noOrigin),
	];
}

function played(form: Handshake["form"], { key }: Subscribed, asked: HandshakeAnswer, answer: string): Handshake {
	const { status, taken: ok, reason } = asked;
	if (status === 0) return { form, ok, status: null, answer: `nothing answers (${reason})` };
	if (wantsToken(asked)) return { form, ok, status, answer: `${errorIn(asked)}. ${GIVE_TOKEN}` };
	const wantsKey = status === 401 && key === undefined;
	return {
		form,
		ok,
		status,
		answer: wantsKey ? "it needs a function key: give the key in GRID_DISPATCH_KEY or with --key" : answer,
	};
}

function because(answer: HandshakeAnswer): string {
	const error = errorIn(answer);
	return error === "" ? "" : `: ${error}`;
}

/** Prints how the handshakes of a webhook ended. */
export function printHandshakes(io: Io, url: URL, played: readonly Handshake[]): void {
	const paint = colour(io.stdout, io.env);
	io.stdout.write(`${shownUrl(url)}\n`);
	for (const { form, ok, status, answer } of played) {
		const classification = ok ? paint("green", "accepted") : paint("red", "refused ");
		io.stdout.write(`  ${classification}  ${form.padEnd(17)}  ${status ?? "-"}  ${plain(answer)}\n`);
	}
}
