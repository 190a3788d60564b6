import type { ReactNode } from "react";

/** Line drawings on a 18 × 18 grid; each always stands above its word. */
function icon(children: ReactNode) {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 18 18"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.35"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const ICONS = {
  trace: icon(
    <>
      <path d="M2.5 5.5h13M2.5 9h13M2.5 12.5h13" opacity=".45" />
      <path d="M3 12.5h3.2c2.4 0 1.8-7 4.6-7H15" strokeWidth="1.7" strokeLinecap="round" />
      <circle cx="15" cy="5.5" r="1.5" fill="currentColor" stroke="none" />
    </>,
  ),
  atlas: icon(
    <>
      <circle cx="4.5" cy="12.8" r="1.6" />
      <circle cx="8.2" cy="7.6" r="1.6" />
      <circle cx="13.6" cy="11.2" r="1.6" />
      <circle cx="12.6" cy="4.4" r="1.6" />
      <circle cx="4.2" cy="4.6" r=".9" fill="currentColor" stroke="none" />
    </>,
  ),
  sweeps: icon(
    <>
      <path d="M2.8 2.8h12.4v12.4H2.8zM2.8 6.9h12.4M2.8 11.1h12.4M6.9 2.8v12.4M11.1 2.8v12.4" opacity=".5" />
      <path d="M11.1 6.9h4.1v4.2h-4.1zM6.9 2.8h4.2v4.1H6.9z" fill="currentColor" stroke="none" />
    </>,
  ),
  circuits: icon(
    <>
      <path d="M4.6 13.2 8.4 8.8M9.8 7.2 12.8 4.4M13.4 13 10 9" opacity=".6" />
      <circle cx="3.6" cy="14.2" r="1.5" />
      <circle cx="14.2" cy="14" r="1.5" />
      <circle cx="9.1" cy="8" r="1.6" />
      <path d="M12.6 2.2h3v3h-3z" fill="currentColor" stroke="none" />
    </>,
  ),
  decompose: icon(
    <>
      <path d="M3 3.4h12" strokeWidth="2.2" />
      <path d="M3 8h4.4M9.2 8H12M13.6 8H15" strokeWidth="2.2" />
      <path d="M3 14.6v-3.2M6.4 14.6v-1.8M9.8 14.6v-4M13.2 14.6v-1" opacity=".6" strokeWidth="1.8" />
    </>,
  ),
  features: icon(
    <>
      <path d="M3.4 15V3M3.4 3h9.2a2 2 0 0 1 2 2v8.4a1.6 1.6 0 0 1-1.6 1.6H3.4" strokeLinejoin="round" />
      <path d="M6.6 6.6h5M6.6 9.2h5M6.6 11.8h2.6" strokeLinecap="round" opacity=".6" />
    </>,
  ),
  search: icon(
    <>
      <circle cx="8" cy="8" r="4.8" />
      <path d="M11.6 11.6 15.4 15.4" strokeLinecap="round" />
    </>,
  ),
  findings: icon(<path d="M5 2.8h8v12.4l-4-3-4 3z" strokeLinejoin="round" />),
  models: icon(
    <>
      <path d="M9 2.6 15.2 6 9 9.4 2.8 6z" strokeLinejoin="round" />
      <path d="M2.8 9.2 9 12.6l6.2-3.4M2.8 12.2 9 15.6l6.2-3.4" strokeLinejoin="round" />
    </>,
  ),
  jobs: icon(
    <>
      <circle cx="9" cy="9" r="6.2" />
      <path d="M9 5.4V9l2.6 1.7" strokeLinecap="round" />
    </>,
  ),
  api: icon(<path d="M6.2 4.2 2.4 9l3.8 4.8M11.8 4.2 15.6 9l-3.8 4.8" strokeLinecap="round" strokeLinejoin="round" />),
  sun: icon(
    <>
      <circle cx="9" cy="9" r="3.2" />
      <path
        d="M9 2v1.8M9 14.2V16M2 9h1.8M14.2 9H16M4.1 4.1l1.2 1.2M12.7 12.7l1.2 1.2M13.9 4.1l-1.2 1.2M5.3 12.7l-1.2 1.2"
        strokeLinecap="round"
      />
    </>,
  ),
  moon: icon(<path d="M14.8 10.6A6.2 6.2 0 0 1 7.4 3.2a6.2 6.2 0 1 0 7.4 7.4z" strokeLinejoin="round" />),
  system: icon(
    <>
      <circle cx="9" cy="9" r="6.2" />
      <path d="M9 2.8v12.4A6.2 6.2 0 0 0 9 2.8z" fill="currentColor" stroke="none" />
    </>,
  ),
} as const;

/** Two jacks and the cable between them. */
export function Mark() {
  return (
    <svg width="30" height="30" viewBox="0 0 30 30" fill="none" aria-hidden="true">
      <path d="M8.5 21.5C8.5 9 21.5 21 21.5 8.5" stroke="var(--cable-orange)" strokeWidth="2.6" strokeLinecap="round" />
      <circle cx="8.5" cy="21.5" r="4" fill="var(--paper)" stroke="currentColor" strokeWidth="2" />
      <circle cx="21.5" cy="8.5" r="4" fill="var(--paper)" stroke="currentColor" strokeWidth="2" />
      <circle cx="8.5" cy="8.5" r="2" stroke="currentColor" strokeWidth="1.5" opacity=".32" />
      <circle cx="21.5" cy="21.5" r="2" stroke="currentColor" strokeWidth="1.5" opacity=".32" />
    </svg>
  );
}
