// The player in a frame of another site: the same as the watch page, with less around it.

import "./watch.js";
