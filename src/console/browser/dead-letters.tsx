import { useState } from "preact/hooks";
import type { Receipt } from "./answers.ts";
import type { Live } from "./live.ts";
import { ReceiptLink, StatePill, Subject } from "./parts.tsx";
import { presentOf } from "./present.ts";
import type { Letters } from "./use-letters.ts";
import { NO_FILTER, type View } from "./view.ts";
import { clock, shortSubject } from "./words.ts";

const FEW = 3;

interface DeadLettersProps {
	readonly view: View;
	readonly live: Live;
	readonly letters: Letters;
	readonly onOpen: (key: string) => void;
}

/** What was given up or rejected, with its reason, and what can be done about it. */
export function DeadLetters({ view, live, letters, onOpen }: DeadLettersProps) {
	const [shows, setShows] = useState(FEW);
	const { deadLetters, hasMoreDeadLetters, now } = view;
	if (deadLetters.length === 0) return null;
	const count = presentOf(view).deadLetters ?? deadLetters.length;
	const more = deadLetters.length - shows;
	return (
		<section class="card dead" id="dead-letters" aria-labelledby="dead-title">
			<header>
				<h2 id="dead-title">
					Dead letters <span class="count">{count >= 1_000 ? "1,000+" : count}</span>
				</h2>
				<span class="buttons">
					<button
						type="button"
						disabled={letters.isBusy}
						onClick={() => letters.ask({ action: "replay", receipt: undefined })}
					>
						Replay all
					</button>
					<button
						type="button"
						class="danger"
						disabled={letters.isBusy}
						onClick={() => letters.ask({ action: "discard", receipt: undefined })}
					>
						Discard all
					</button>
				</span>
			</header>
			<ul>
				{deadLetters.slice(0, shows).map((receipt) => (
					<DeadLetter key={receipt.key} receipt={receipt} now={now} letters={letters} onOpen={onOpen} />
				))}
			</ul>
			<p class="note pages">
				{more > 0 && (
					<button type="button" class="quiet" onClick={() => setShows(shows + 20)}>
						Show {Math.min(20, more)} more
					</button>
				)}
				{shows > FEW && (
					<button type="button" class="quiet" onClick={() => setShows(FEW)}>
						Show fewer
					</button>
				)}
				{hasMoreDeadLetters && more <= 0 && (
					<>
						<span>Only the newest are here. All of them:</span>
						{(["dead", "rejected"] as const).map((state) => (
							<button key={state} type="button" class="quiet" onClick={() => live.setFilter({ ...NO_FILTER, state })}>
								list {state}
							</button>
						))}
					</>
				)}
			</p>
		</section>
	);
}

function DeadLetter(props: { receipt: Receipt; now: number; letters: Letters; onOpen: (key: string) => void }) {
	const { receipt, now, letters, onOpen } = props;
	const { event, reason, replay, finishedAt, acceptedAt } = receipt;
	return (
		<li>
			<div class="line">
				<ReceiptLink receipt={receipt} onOpen={onOpen} />
				<StatePill receipt={receipt} />
				<span class="buttons">
					<button
						type="button"
						class="quiet"
						disabled={letters.isBusy}
						aria-label={`Replay ${event.id}`}
						onClick={() => letters.ask({ action: "replay", receipt })}
					>
						Replay
					</button>
					<button
						type="button"
						class="quiet"
						disabled={letters.isBusy}
						aria-label={`Discard ${event.id}`}
						onClick={() => letters.ask({ action: "discard", receipt })}
					>
						Discard
					</button>
				</span>
			</div>
			<p class="more">
				<Subject text={`${clock(finishedAt ?? acceptedAt, now)}  ${shortSubject(event)}`} />
			</p>
			<p class="more">
				{reason}
				{replay?.wouldRepeat === true && <span class="repeats"> · A replay would end the same way.</span>}
			</p>
		</li>
	);
}
