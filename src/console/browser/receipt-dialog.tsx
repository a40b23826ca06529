import { useEffect, useRef, useState } from "preact/hooks";
import type { Attempt, Receipt } from "./answers.ts";
import { alarmOf } from "./run-step.ts";
import { Runs } from "./runs.tsx";
import { clock, span } from "./times.ts";
import { type ReplayProps, useReplay } from "./use-replay.ts";
import { shortType, TONES, wayOf } from "./way-of.ts";

export interface ReceiptDialogProps extends ReplayProps {
	readonly receipt: Receipt;
	readonly now: number;
	/** Whether the stand-in can be asked what it has taken. */
	readonly hasStandIn: boolean;
	readonly onClose: () => void;
	readonly onFind: (text: string) => void;
}

/** All of one receipt, from its arrival on; it goes on being told while it is open. */
export function ReceiptDialog({ receipt, now, hasStandIn, onClose, onFind, ...props }: ReceiptDialogProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	// A modal dialog keeps the focus, closes on Escape, and gives the focus back, all by itself.
	useEffect(() => dialog.current?.showModal(), []);
	const { replay, isBusy, said } = useReplay(props);
	const { event, state, to, route, reason, window, key, attempts, acceptedAt, finishedAt } = receipt;
	const alarm = alarmOf(receipt);
	const facts: readonly (readonly [string, string | null | undefined])[] = [
		["Type", event.type],
		["Id", event.id],
		["Source", event.source],
		["Subject", event.subject],
		["Time", event.time],
		["Route", route],
		["Destination", to?.id.replace("#", " ")],
		["Key", key],
	];
	return (
		<dialog ref={dialog} aria-labelledby="receipt-title" onClose={onClose}>
			<header>
				<h2 id="receipt-title">{shortType(event.type)}</h2>
				<span class={`state ${TONES[state]}`}>{state}</span>
				{alarm !== undefined && <span class={`state ${alarm.tone}`}>{alarm.text}</span>}
				<button type="button" class="quiet" onClick={() => dialog.current?.close()}>
					Close
				</button>
			</header>
			{reason !== null && <p class={`reason ${TONES[state]}`}>{reason}</p>}
			{TONES[state] === "lost" && (
				<p>
					<button type="button" disabled={isBusy} onClick={() => void replay({ key })}>
						Replay
					</button>
				</p>
			)}
			<p class="said" role="status">
				{said}
			</p>
			<h3>Way</h3>
			<ol class="way">
				{wayOf(receipt, now).map(({ name, mark, text }) => (
					<li key={name} class={mark}>
						<span>{name}</span> <strong>{text}</strong>
					</li>
				))}
			</ol>
			{state === "dispatched" && <Runs receipt={receipt} />}
			<h3>Calls of GitHub</h3>
			{attempts.length === 0 ? <p class="more">none yet</p> : <Attempts attempts={attempts} now={now} />}
			{window !== null && (
				<p>
					Went out with others, and so did its run:{" "}
					<button
						type="button"
						class="link"
						onClick={() => {
							onFind(window);
							dialog.current?.close();
						}}
					>
						show its window
					</button>
				</p>
			)}
			<h3>Receipt</h3>
			<dl class="facts">
				{facts.map(([name, value]) => (
					<div key={name}>
						<dt>{name}</dt>
						<dd>{value || "–"}</dd>
					</div>
				))}
				<div>
					<dt>Accepted</dt>
					<dd>{acceptedAt}</dd>
				</div>
				<div>
					<dt>Finished</dt>
					<dd>{finishedAt ?? "not yet"}</dd>
				</div>
			</dl>
			{hasStandIn && TONES[state] === "sent" && <Payload receiptKey={window ?? key} {...props} />}
		</dialog>
	);
}

function Attempts({ attempts, now }: { attempts: readonly Attempt[]; now: number }) {
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
function Payload({ receiptKey, api }: ReplayProps & { receiptKey: string }) {
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
