/** The child's side of `child.ts`: answers each question that the parent sends, and ends when the parent does. */
export function answerQuestions<Question>(answer: (question: Question) => unknown): void {
	process.on("message", (question) => {
		const given = new Promise((resolve) => resolve(answer(question as Question)));
		given.then(
			(value) => process.send?.({ answer: value ?? null }),
			(error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
		);
	});
	process.once("disconnect", () => process.exit());
}
