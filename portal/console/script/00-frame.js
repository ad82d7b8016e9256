// What every page has. Nothing depends on it: without scripts all pages and forms work.
"use strict";
