"use client";

import { Component, type ReactNode } from "react";
import { Button } from "./ui/Button.tsx";
import { ErrorState } from "./ui/ErrorState.tsx";

/** Keeps a fault inside its room: the rail and the palette go on working. A new `resetKey` tries again. */
export class ErrorBoundary extends Component<
  { readonly children: ReactNode; readonly resetKey: string },
  { readonly error: Error | undefined }
> {
  override state: { readonly error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(previous: { readonly resetKey: string }) {
    if (previous.resetKey !== this.props.resetKey && this.state.error !== undefined)
      this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <ErrorState
        problem={{
          title: "This room stopped",
          detail: error.message,
          advice: "The fault is ours. Your address still holds the view: try again, or copy it into a report.",
        }}
        action={<Button onClick={() => this.setState({ error: undefined })}>Try again</Button>}
      />
    );
  }
}
