import { useEffect, useState } from "preact/hooks";
import type { Receipt } from "./answers.ts";
import type { Api } from "./api.ts";

/** A rejected event as it arrived, so that a person sees what is wrong with it. */
export function Arrived({ receipt: { arrived } }: { receipt: Receipt }) {
	if (arrived === null || arrived === undefined) return null;
	return <Body title="As it arrived" {...arrived} />;
}

/** The request that a replay of a dead letter sends again. */
export function Sent({ receipt: { key, event }, api }: { receipt: Receipt; api: Api }) {
	const [sends, setSends] = useState<Receipt["sends"]>();
	useEffect(() => {
		const at = Date.parse(event.time);
		const bounds = Number.isNaN(at) ? {} : { since: at - 1_000, until: at + 1_000 };
		api.receipts({ find: key, state: "dead", limit: 20, requests: true, ...bounds }).then(
			({ receipts }) => setSends(receipts.find((one) => one.key === key)?.sends ?? null),
			() => setSends(null),
		);
	}, [key]);
	if (sends === undefined) return <p class="more">Reading what would be sent …</p>;
	if (sends === null) return <p class="more">The stored request cannot be shown.</p>;
	return <Body title={sends.line} {...sends} />;
}

function Body({ title, text, bytes, whole }: { title: string; text: string; bytes: number; whole: boolean }) {
	return (
		<>
			<h3>{title}</h3>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
			<pre tabIndex={0}>{whole ? indented(text) : text}</pre>
			{!whole && <p class="more">This is the beginning of {bytes.toLocaleString("en-GB")} bytes.</p>}
		</>
	);
}

/** JSON with line breaks, if that changes nothing else: a number may have more digits than JavaScript keeps. */
function indented(text: string): string {
	try {
		const value: unknown = JSON.parse(text);
		return JSON.stringify(value) === text ? JSON.stringify(value, null, 2) : text;
	} catch {
		return text;
	}
}
