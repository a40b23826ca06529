import type { Receipt } from "./answers.ts";
import type { View } from "./look.ts";
import { type ReplayProps, useReplay } from "./use-replay.ts";
import { shortType } from "./way-of.ts";

const SHOWN = 8;

/** What was given up or rejected, with its reason, and the way back. */
export function DeadLetters({ view, onOpen, ...props }: ReplayProps & { view: View; onOpen: (one: Receipt) => void }) {
	const { replay, isBusy, said } = useReplay(props);
	const { deadLetters, health } = view;
	if (deadLetters.length === 0 && said === undefined) return null;
	const count = health?.deadLetters ?? deadLetters.length;
	return (
		<section class="card dead" aria-labelledby="dead-title">
			<header>
				<h2 id="dead-title">Dead letters</h2>
				{deadLetters.length > 0 && (
					<button type="button" disabled={isBusy} onClick={() => void replay({ all: true })}>
						Replay all
					</button>
				)}
			</header>
			<p class="said" role="status">
				{said}
			</p>
			<ul>
				{deadLetters.slice(0, SHOWN).map((receipt) => (
					<li key={receipt.key}>
						<button type="button" class="link" onClick={() => onOpen(receipt)}>
							{shortType(receipt.event.type)} {receipt.event.id}
						</button>
						<button
							type="button"
							class="quiet"
							disabled={isBusy}
							aria-label={`Replay ${receipt.event.id}`}
							onClick={() => void replay({ key: receipt.key })}
						>
							Replay
						</button>
						<p class="more">{receipt.reason}</p>
					</li>
				))}
			</ul>
			{count > SHOWN && <p class="note">and {count - SHOWN} more; filter by “dead” or “rejected” to see them</p>}
		</section>
	);
}
