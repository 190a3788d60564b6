/** Where the choice of theme is kept; absent means: as the system says. */
export const THEME_KEY = "patchbay:theme";

export const THEME_SCRIPT = `try{var t=localStorage.getItem("${THEME_KEY}")}catch(e){t=null}
document.documentElement.dataset.theme=t==="dark"||t==="light"?t:matchMedia("(prefers-color-scheme: dark)").matches?"dark":"light";`;
