// `npm install` and `npm run build -w packages/web`: makes the portal's bundle when it is missing or old.
import { buildPortal } from "./build.ts";

const { dir, built } = await buildPortal();
console.log(built ? `Built the portal in ${dir}` : "The portal is up to date");
