// A room's day: all of it is in the page already; here it goes to the printer.

import { byId } from "./shell.js";

byId("print", HTMLButtonElement).addEventListener("click", () => print());
