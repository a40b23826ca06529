import { useEffect, useState } from "preact/hooks";
import type { Attempt, Receipt } from "./answers.ts";
import { type Api, around } from "./api.ts";
import { alarmOf, linkOf, runStep, wordOf } from "./way-of.ts";
import { clock, number, span } from "./words.ts";

/** What is known of the runs of a delivery, each with its page, and why not more is known. */
export function Runs({ receipt }: { receipt: Receipt }) {
	const { runs, following, followingReason, page, window, key } = receipt;
	const all = linkOf(page);
	const { mark, text } = runStep(receipt);
	return (
		<>
			<h3>Run</h3>
			{runs.length === 0 && <p class={`run ${mark}`}>{SAID[following ?? ""] ?? text}</p>}
			<ul class="runs">
				{runs.map((run) => {
					const link = linkOf(run.url);
					const name = run.workflow ?? `run ${run.id}`;
					return (
						<li key={run.id}>
							{link === undefined ? <span>{name}</span> : <Outward to={link}>{name}</Outward>}{" "}
							<strong>{wordOf(run)}</strong>
							{run.attempt > 1 && ` at attempt ${run.attempt}`}
							{!run.certain && <span class="more"> likely this one’s: its title does not carry bridge.key</span>}
						</li>
					);
				})}
			</ul>
			{followingReason !== null && <p class={`reason ${alarmOf(receipt)?.tone ?? "passed"}`}>{followingReason}</p>}
			<p class="more trace">
				{all !== undefined && <Outward to={all}>All runs</Outward>} <code>npx grid-dispatch trace {window ?? key}</code>
			</p>
		</>
	);
}

function Outward({ to, children }: { to: string; children: string }) {
	return (
		<a href={to} target="_blank" rel="noreferrer">
			{children}
		</a>
	);
}

const SAID: Readonly<Record<string, string>> = {
	"": "unknown: the bridge did not look for a run of this",
	off: "not followed: FOLLOW_RUNS is off",
	looking: "looking for it",
};

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
	return <Listing title="What the run gets" text={taken} />;
}

/** A rejected event as it arrived, so that a person sees what is wrong with it. */
export function Arrived({ receipt: { arrived } }: { receipt: Receipt }) {
	if (arrived === null || arrived === undefined) return null;
	return <Body title="As it arrived" {...arrived} />;
}

/** The request that a replay of a dead letter sends again. */
export function Sent({ receipt: { key, event }, api }: { receipt: Receipt; api: Api }) {
	const [sends, setSends] = useState<Receipt["sends"]>();
	useEffect(() => {
		api.receipts({ find: key, state: "dead", limit: 20, requests: true, ...around(event.time) }).then(
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
			<Listing title={title} text={whole ? indented(text) : text} />
			{!whole && <p class="more">This is the beginning of {number(bytes)} bytes.</p>}
		</>
	);
}

function Listing({ title, text }: { title: string; text: string }) {
	return (
		<>
			<h3>{title}</h3>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
			<pre tabIndex={0}>{text}</pre>
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
