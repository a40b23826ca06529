import { useState } from "preact/hooks";
import type { Receipt } from "./answers.ts";
import type { Api } from "./api.ts";
import { Facts, Glyph, StatePill, useModal } from "./parts.tsx";
import { Arrived, Attempts, Payload, Runs } from "./receipt-parts.tsx";
import type { Letters } from "./use-letters.ts";
import type { Opened } from "./view.ts";
import { isDeadLetter, TONES, wayOf } from "./way-of.ts";
import { serviceOf, shortType } from "./words.ts";

export interface ReceiptDialogProps {
	readonly opened: Opened;
	readonly now: number;
	readonly api: Api;
	readonly letters: Letters;
	/** Whether the stand-in can be asked what it has taken. */
	readonly hasStandIn: boolean;
	readonly onClose: () => void;
	readonly onOpen: (key: string) => void;
	readonly onFind: (text: string) => void;
}

/** All of one receipt, from its arrival on; it stays up to date while it is open. */
export function ReceiptDialog(props: ReceiptDialogProps) {
	const { opened, onClose } = props;
	const dialog = useModal();
	const close = () => dialog.current?.close();
	const { receipt, key } = opened;
	return (
		<dialog ref={dialog} class="receipt" aria-labelledby="receipt-title" onClose={onClose}>
			<header>
				<h2 id="receipt-title">{receipt === undefined ? "Receipt" : shortType(receipt.event.type)}</h2>
				{receipt !== undefined && <StatePill receipt={receipt} />}
				<CopyLink />
				<button type="button" class="quiet" autofocus onClick={close}>
					Close
				</button>
			</header>
			{receipt !== undefined && <Whole {...props} receipt={receipt} onClose={close} />}
			{receipt === undefined && !opened.isMissing && <p>Looking for the receipt {key} …</p>}
			{receipt === undefined && opened.isMissing && (
				<>
					<p class="reason lost">No receipt has the key {key}.</p>
					<p class="more">
						Either it is older than KEEP_DAYS and was removed, or a replay has replaced it, or it belongs to another
						bridge.
					</p>
				</>
			)}
		</dialog>
	);
}

function Whole({ receipt, ...props }: ReceiptDialogProps & { receipt: Receipt }) {
	const { now, api, letters, hasStandIn, onOpen, onFind, onClose } = props;
	const { state, reason, window, key, attempts } = receipt;
	const isDead = isDeadLetter(receipt);
	return (
		<>
			{reason !== null && <p class={`reason ${TONES[state]}`}>{reason}</p>}
			{isDead && <Advice receipt={receipt} letters={letters} />}
			<p class="said" role="status">
				{letters.said}
			</p>
			<h3>Way</h3>
			<ol class="way">
				{wayOf(receipt, now).map(({ name, mark, text }) => (
					<li key={name} class={mark}>
						<span>{name}</span> {mark !== "none" && <Glyph mark={mark} />} <strong>{text}</strong>
					</li>
				))}
			</ol>
			{(state === "dispatched" || receipt.windowState === "dispatched") && <Runs receipt={receipt} />}
			<h3>Calls of {serviceOf(receipt) === "Destination" ? "the destination" : serviceOf(receipt)}</h3>
			{attempts.length === 0 ? (
				<p class="more">{NO_CALLS[state] ?? "none"}</p>
			) : (
				<Attempts attempts={attempts} now={now} />
			)}
			{window !== null && (
				<p class="buttons">
					<span>It went out with its window, and shares its run.</span>
					<button type="button" class="link" onClick={() => onOpen(window)}>
						Open its window
					</button>
					<button
						type="button"
						class="link"
						onClick={() => {
							onFind(window);
							onClose();
						}}
					>
						List all events of the window
					</button>
				</p>
			)}
			<Arrived receipt={receipt} />
			<Written receipt={receipt} />
			{hasStandIn && TONES[state] === "sent" && <Payload key={window ?? key} receiptKey={window ?? key} api={api} />}
		</>
	);
}

/** Why a receipt has no calls. */
const NO_CALLS: Readonly<Partial<Record<Receipt["state"], string>>> = {
	accepted: "none yet",
	paused: "none yet",
	parked: "none yet",
	coalescing: "none yet",
	coalesced: "Its window was sent, not the event itself.",
	rejected: "none: it was never sent",
	ignored: "none: no route matches",
};

/** What a replay would do, and the ways to decide. */
function Advice({ receipt, letters }: { receipt: Receipt; letters: Letters }) {
	const { replay } = receipt;
	return (
		<>
			{replay?.wouldRepeat === true && (
				<p class="reason delayed">
					<strong>A replay would end the same way.</strong> {replay.why}
				</p>
			)}
			<p class="buttons">
				<button type="button" disabled={letters.isBusy} onClick={() => letters.ask({ action: "replay", receipt })}>
					Replay
				</button>
				<button
					type="button"
					class="danger"
					disabled={letters.isBusy}
					onClick={() => letters.ask({ action: "discard", receipt })}
				>
					Discard
				</button>
			</p>
		</>
	);
}

function Written({ receipt }: { receipt: Receipt }) {
	const { event, route, to, key, acceptedAt, finishedAt, replayedAt } = receipt;
	return (
		<>
			<h3>Receipt</h3>
			<Facts
				facts={[
					["Type", event.type || "–"],
					["Id", event.id || "–"],
					["Source", event.source || "–"],
					["Subject", event.subject || "–"],
					["Time", event.time || "–"],
					["Route", route ?? "–"],
					["Destination", to?.id.replace("#", " ") ?? "–"],
					["Key", key],
					["Accepted", acceptedAt],
					["Finished", finishedAt ?? "not yet"],
					["Replayed", replayedAt ?? undefined],
				]}
			/>
		</>
	);
}

/** Copies the address of the page, which opens this receipt. */
function CopyLink() {
	const [said, setSaid] = useState("Copy link");
	async function copy(): Promise<void> {
		try {
			await navigator.clipboard.writeText(location.toString());
			setSaid("Copied");
		} catch {
			setSaid("The link is in the address bar");
		}
	}
	return (
		<button type="button" class="quiet" onClick={() => void copy()}>
			{said}
		</button>
	);
}
