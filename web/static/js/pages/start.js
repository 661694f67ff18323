// Pages of plain links: all they need is the switch for the page's language.

import "./shell.js";
