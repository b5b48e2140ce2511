/** The style of the page at `/docs`. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; }
h2 { font-size: 1.2rem; margin-top: 3rem; border-top: 1px solid; padding-top: 1rem; }
h3 { font-size: 1rem; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; font-weight: normal; }
tr + tr { border-top: 1px solid #8884; }
ul { margin: 0; padding-inline-start: 1.2rem; }
nav a { white-space: nowrap; margin-inline-end: 0.5rem; }
:target { outline: 2px solid; outline-offset: 0.5rem; }
`;
