import { useEffect, useState } from "preact/hooks";
import type { Attempt } from "./answers.ts";
import type { Api } from "./api.ts";
import { clock, span } from "./times.ts";

/** The calls of a delivery's destination, and what each was answered. */
export function Attempts({ attempts, now }: { attempts: readonly Attempt[]; now: number }) {
	return (
		<ol class="attempts">
			{attempts.map(({ at, status, ms, requestId, reason }) => (
				<li key={at} class={status !== null && status < 300 ? "sent" : "delayed"}>
					<strong>{status ?? "no answer"}</strong>
					<span>
						{clock(at, now)}, {span(ms)}
						{requestId !== null && (
							<>
								{" · "}
								<code>{requestId}</code>
							</>
						)}
					</span>
					{reason !== null && <p>{reason}</p>}
				</li>
			))}
		</ol>
	);
}

/** What a workflow would read as `github.event`, as the stand-in has taken it. */
export function Payload({ receiptKey, api }: { receiptKey: string; api: Api }) {
	const [taken, setTaken] = useState<string>();
	useEffect(() => {
		api.dispatchesOf(receiptKey).then(
			(dispatches) => setTaken(JSON.stringify(dispatches[0] ?? null, null, 2)),
			() => setTaken(undefined),
		);
	}, [receiptKey]);
	if (taken === undefined || taken === "null") return null;
	return (
		<>
			<h3>What the run gets</h3>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
			<pre tabIndex={0}>{taken}</pre>
		</>
	);
}
