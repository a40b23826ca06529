import { useEffect, useRef } from "preact/hooks";
import { KEYS } from "./keyboard.ts";

/** The keys, and what the signs mean. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
	const dialog = useRef<HTMLDialogElement>(null);
	useEffect(() => dialog.current?.showModal(), []);
	return (
		<dialog ref={dialog} class="confirm" aria-labelledby="help-title" onClose={onClose}>
			<h2 id="help-title">Keyboard</h2>
			<dl class="facts">
				{KEYS.map(([key, meaning]) => (
					<div key={key}>
						<dt>
							<kbd>{key}</kbd>
						</dt>
						<dd>{meaning}</dd>
					</div>
				))}
			</dl>
			<p class="more">Keys do nothing while you type in a field.</p>
			<div class="buttons">
				<button type="button" class="quiet" onClick={() => dialog.current?.close()}>
					Close
				</button>
			</div>
		</dialog>
	);
}
