import type { Receipt } from "./answers.ts";
import type { Api } from "./api.ts";
import { Facts, useModal } from "./parts.tsx";
import { presentOf } from "./present.ts";
import { Arrived, Sent } from "./receipt-parts.tsx";
import type { Asked, Letters } from "./use-letters.ts";
import type { View } from "./view.ts";
import { counted, serviceOf, shortSubject, shortType } from "./words.ts";

interface ConfirmDialogProps {
	readonly asked: Asked;
	readonly letters: Letters;
	readonly view: View;
	readonly api: Api;
}

/** Says what a replay or a discard will do, before it is done. */
export function ConfirmDialog({ asked, letters, view, api }: ConfirmDialogProps) {
	const dialog = useModal();
	const { action, receipt } = asked;
	const count = receipt === undefined ? (presentOf(view).deadLetters ?? 0) : 1;
	const what =
		receipt !== undefined
			? "this dead letter"
			: count === 1
				? "the dead letter"
				: `all ${counted(count, "dead letter")}`;
	const verb = action === "replay" ? "Replay" : "Discard";
	// What cannot be undone, or would not help, must not be one careless Enter away.
	const isCareful = action === "discard" || receipt?.replay?.wouldRepeat === true;
	return (
		<dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={letters.cancel}>
			<h2 id="confirm-title">
				{verb} {what}?
			</h2>
			{receipt === undefined ? (
				<OfAll asks={action} view={view} />
			) : (
				<OfOne asks={action} receipt={receipt} api={api} />
			)}
			<div class="buttons">
				<button
					type="button"
					class={action === "discard" ? "danger" : ""}
					autofocus={!isCareful}
					onClick={() => void letters.confirm()}
				>
					{verb}
				</button>
				<button type="button" class="quiet" autofocus={isCareful} onClick={() => dialog.current?.close()}>
					Cancel
				</button>
			</div>
		</dialog>
	);
}

const GONE = "What was to be sent is removed. This cannot be undone. The receipt stays, in the state discarded.";

function OfOne({ asks: action, receipt, api }: { asks: Asked["action"]; receipt: Receipt; api: Api }) {
	const { event, state, reason, replay, to } = receipt;
	const [isReplay, isDead] = [action === "replay", state === "dead"];
	return (
		<>
			<Facts
				facts={[
					["Event", `${shortType(event.type)} ${shortSubject(event)}`],
					["Refused", reason],
					["Sends", isReplay ? sendsOf(receipt) : undefined],
					["To", isReplay && isDead && to !== null ? `${serviceOf(receipt)}, ${to.id.replace("#", " ")}` : undefined],
				]}
			/>
			{!isReplay && <p>{GONE}</p>}
			{isReplay && replay !== null && replay !== undefined && (
				<p class={`reason ${replay.wouldRepeat ? "lost" : "passed"}`}>
					{replay.wouldRepeat && <strong>This would end the same way. </strong>}
					{replay.why}
				</p>
			)}
			{isDead ? <Sent receipt={receipt} api={api} /> : <Arrived receipt={receipt} />}
		</>
	);
}

function sendsOf({ state }: Receipt): string {
	return state === "dead"
		? "the same request again, byte for byte; a changed routes table does not change it"
		: "the event below, read and routed anew by today’s routes";
}

function OfAll({ asks: action, view: { deadLetters, hasMoreDeadLetters } }: { asks: Asked["action"]; view: View }) {
	const repeats = deadLetters.filter(({ replay }) => replay?.wouldRepeat === true).length;
	const listed = hasMoreDeadLetters ? `the newest ${deadLetters.length}` : `the ${deadLetters.length}`;
	return (
		<>
			{action === "discard" ? (
				<p>{GONE}</p>
			) : (
				<p>A dead one sends the same request again. A rejected one is read and routed anew by today’s routes.</p>
			)}
			{action === "replay" && (
				<p class={`reason ${repeats > 0 ? "lost" : "passed"}`}>
					{repeats === 0
						? `Of ${listed}, none is known to end the same way again.`
						: `Of ${listed}, ${repeats} would end the same way again. Repair the cause first, or discard them.`}
				</p>
			)}
			<ul class="sample">
				{deadLetters.slice(0, 5).map(({ key, event, reason }) => (
					<li key={key}>
						<strong>
							{shortType(event.type)} {shortSubject(event)}
						</strong>{" "}
						<span class="more">{reason}</span>
					</li>
				))}
			</ul>
			{deadLetters.length > 5 && (
				<p class="more">
					and {counted(deadLetters.length - 5, "other")}
					{hasMoreDeadLetters ? ", and older ones" : ""}
				</p>
			)}
		</>
	);
}
