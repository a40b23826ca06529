/** Where `npm start` runs the bridge on 127.0.0.1, unless it is told another port; the stand-in for GitHub is on the next one. */
export const USUAL_PORT = 7071;
