// The page of an exported site: the galaxy on the files beside it.

import { follow, readLink } from "./data/link.js";
import { Site } from "./data/site.js";
import { Galaxy } from "./main.js";

const root = document.querySelector(".galaxy");
const galaxy = new Galaxy(root, new Site(), null);
galaxy.start(() => follow(galaxy, readLink(window.location.search)));
